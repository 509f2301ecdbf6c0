// The `cpu` backend: plain JavaScript. It always works, and defines what the others must compute.
import * as tf from '@tensorflow/tfjs-core';
import { BackendUnavailable, cpuName, type OpenTheBackend } from './backend-opening.js';

export const openCpu: OpenTheBackend = async () => {
  await import('@tensorflow/tfjs-backend-cpu');
  if (!(await tf.setBackend('cpu'))) throw new BackendUnavailable('TF.js could not start it');
  return { device: 'cpu', deviceName: `${cpuName()}, JavaScript` };
};
