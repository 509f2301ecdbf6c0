// The lines as runs come and go.
import t from 'tap';
import { leastMemoryOf, Lines } from '../../../src/scheduler/lines.js';
import { HOUR, MINUTE, waiting } from './scenes.js';

t.test('a line is kept by priority and by age, and says what is wanted in it', async (t) => {
  const lines = new Lines();
  const [old, urgent, small] = [waiting('old', 'a', { ago: HOUR }), waiting('urgent', 'a', { priority: 1 }), waiting('small', 'a', { ago: 2 * MINUTE, memoryMiB: 10 })];
  for (const run of [small, urgent, old]) lines.add(run);
  const line = () => lines.all().map(({ runs, byAge, wanted }) => [runs.map(({ id }) => id), byAge.map(({ id }) => id), wanted.map(({ memoryMiB }) => memoryMiB)]);
  t.strictSame(line(), [[['urgent', 'old', 'small'], ['old', 'small', 'urgent'], [10, 1000]]], 'what two want is there once');
  t.equal(leastMemoryOf(lines.all()), 10);
  t.ok(lines.remove(small));
  t.notOk(lines.remove(small), 'once');
  t.ok(lines.remove(old));
  t.strictSame(line(), [[['urgent'], ['urgent'], [1000]]], 'and stays while one of them waits');
  t.ok(lines.remove(urgent));
  t.strictSame([line(), lines.length, leastMemoryOf(lines.all())], [[], 0, Infinity]);
});
