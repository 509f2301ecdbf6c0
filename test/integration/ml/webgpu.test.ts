// The webgpu backend, where Dawn finds an adapter, be it in software: a dense model trains as on cpu.
import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { EagerSession } from '../../../src/ml/engines/eager/session.js';
import { describeChoice, NoBackendError, selectBackend } from '../../../src/ml/engines/eager/backends.js';
import { chain, classifierSpec } from '../../helpers/ml.js';
import { distance, hasMoved, trainSteps } from '../../helpers/train-steps.js';
import { offerVulkan } from '../../helpers/vulkan.js';

async function whyNot(): Promise<string | false> {
  const missing = offerVulkan();
  if (missing !== false) return missing;
  try {
    t.comment(describeChoice(await selectBackend({ device: 'auto', backend: 'webgpu' })));
    return false;
  } catch (error) {
    if (error instanceof NoBackendError) return error.message;
    throw error;
  }
}
const skip = await whyNot();

t.test('a dense model trains on webgpu as on cpu', { skip }, async (t) => {
  const model = { layers: [{ type: 'flatten' }, { type: 'dense', units: 16, activation: 'relu' }, { type: 'dense', units: 3 }] } as const;
  const expected = await trainSteps('cpu', model);
  const actual = await trainSteps('webgpu', model);
  t.ok(hasMoved(expected), 'the model learns');
  t.ok(distance(expected, actual) < 1e-3, 'the numbers agree');
});

t.test('a batch that is too much for the GPU fails, instead of computing with zeros', { skip }, async (t) => {
  await selectBackend({ device: 'auto', backend: 'webgpu' });
  const { maxBufferSize } = (tf.backend() as tf.KernelBackend & { device: { limits: { maxBufferSize: number } } }).device.limits;
  if (maxBufferSize > 2 ** 32) return t.comment(`left out: a buffer may have ${maxBufferSize} bytes here`);
  const units = 2 ** 11;
  const count = maxBufferSize / 4 / units + 1;
  const graph = chain([1], [{ type: 'dense', units, activation: 'relu' }, { type: 'dense', units: 3 }]);
  const session = new EagerSession(classifierSpec({ graph, inputShape: [1], loss: { type: 'categoricalCrossentropy', fromLogits: true } }));
  t.teardown(() => session.dispose());
  session.bind('train', { x: new Float32Array(count), y: new Uint8Array(count), count, shape: [1] });
  await t.rejects(session.evaluate('train', count), { message: /^(out of GPU memory|the GPU did not compute): / }, 'in the words of the driver');
  const outputs = await session.predict(new Float32Array(2), 2);
  t.ok(outputs.length === 6 && outputs.every(Number.isFinite), 'and the same session goes on with a smaller one');
});
