// A program that is asked again and again, until it is stopped.
import t from 'tap';
import { createBoundedProgram } from '../../../workers/bounded-program.js';
import { GPU_QUERY, LIST } from '../../../src/devices/nvidia-smi.js';
import { fakeDriver, gpuLine } from '../../helpers/fake-driver.js';

t.test('what is stopped between two questions is not started for the second', async (t) => {
  const driver = fakeDriver(t);
  driver.set('answer', { gpus: gpuLine(100) });
  const smi = createBoundedProgram(driver.program, { patienceMs: 5_000, env: process.env });
  t.same(await smi.run(GPU_QUERY), { output: gpuLine(100), failure: null });
  smi.stop();
  t.match(await smi.run(LIST), { output: '', failure: /is not asked any more/ });
  t.equal(driver.asked().length, 1);
});
