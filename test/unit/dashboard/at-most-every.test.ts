// Work that is asked for too often.
import { mock } from 'node:test';
import t from 'tap';
import { atMostEvery } from '../../../src/dashboard/lib/at-most-every.js';

t.test('the first is done at once, then the latest at each interval', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const done: number[] = [];
  const paced = atMostEvery<number>(150, (what) => void done.push(what));
  for (let at = 0; at < 100; at += 1) {
    paced(at);
    mock.timers.tick(10);
  }
  t.same(done, [0, 14, 29, 44, 59, 74, 89], 'a second of asking is seven times');
  paced.flush();
  t.equal(done.at(-1), 99, 'where it must be, the last is done at once');
  mock.timers.tick(1000);
  t.equal(done.length, 8, 'and once');
  paced(100);
  paced(101);
  paced.drop();
  mock.timers.tick(1000);
  t.same(done.slice(8), [100], 'what is dropped is not done');
});
