import t from 'tap';
import { parseSimulatedGpus } from '../../../src/devices/simulated-gpus.js';

t.test('simulated GPUs', async (t) => {
  t.same(parseSimulatedGpus('2x16GiB'), { count: 2, memoryMiB: 16384 });
  t.same(parseSimulatedGpus('12x512MiB'), { count: 12, memoryMiB: 512 });
  for (const text of ['', '2', '2x16', '2x16GB', 'x16GiB', '2 x 16GiB', '0x16GiB', '100x1GiB', '2x0GiB', '2x16GiB\n2x16GiB']) t.equal(parseSimulatedGpus(text), null, text);
});
