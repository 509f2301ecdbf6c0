// The tensorflow backend, where its native part is (`npm run setup:tensorflow` brings it): it shares TF.js' one
// engine with our imports and trains to the numbers of the cpu backend.
import t from 'tap';
import * as tf from '@tensorflow/tfjs-core';
import { describeChoice, NoBackendError, selectBackend } from '../../../src/ml/engines/eager/backends.js';
import { distance, hasMoved, trainSteps } from '../../helpers/train-steps.js';

async function whyNot(): Promise<string | false> {
  try {
    t.comment(describeChoice(await selectBackend({ device: 'auto', backend: 'tensorflow' })));
    return false;
  } catch (error) {
    if (error instanceof NoBackendError) return error.message;
    throw error;
  }
}
const skip = await whyNot();

t.test('a convolutional model trains on tensorflow as on cpu', { skip }, async (t) => {
  const model = {
    layers: [
      { type: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
      { type: 'conv2d', filters: 6, kernelSize: 3, strides: 2, padding: 'same' },
      { type: 'batchNormalization' },
      { type: 'averagePooling2d', poolSize: 3, strides: 1, padding: 'same' },
      { type: 'maxPooling2d' },
      { type: 'flatten' },
      { type: 'dropout', rate: 0.25 },
      { type: 'dense', units: 3 },
    ],
  } as const;
  const expected = await trainSteps('cpu', model);
  const actual = await trainSteps('tensorflow', model);
  t.equal(tf.getBackend(), 'tensorflow', 'the library and our imports share one engine');
  t.ok(hasMoved(expected), 'the model learns');
  t.ok(distance(expected, actual) < 1e-3, 'the numbers agree');
});
