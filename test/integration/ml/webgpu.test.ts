// The webgpu backend, where Dawn finds an adapter, be it in software: a dense model trains as on cpu.
import t from 'tap';
import { describeChoice, NoBackendError, selectBackend } from '../../../src/ml/engines/eager/backends.js';
import { distance, hasMoved, trainSteps } from '../../helpers/train-steps.js';

async function whyNot(): Promise<string | false> {
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
