// Loads the tensorflow backend, multiplies two matrices, and says on one line what computed. A program of its
// own, so that a library that crashes takes nothing with it. Run by `setup:tensorflow`.
import * as tf from '@tensorflow/tfjs-core';
import { selectBackend } from '../ml/engines/eager/backends.js';

const { deviceName, device } = await selectBackend({ device: 'auto', backend: 'tensorflow' });
const product = Array.from(tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]])).dataSync());
if (product.join() !== '19,22,43,50') throw new Error(`a matrix product came out as ${product.join()}`);
console.log(JSON.stringify({ device, deviceName }));
