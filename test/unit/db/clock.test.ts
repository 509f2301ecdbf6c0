import t from 'tap';
import type { Database } from '../../../src/db/client.js';
import { createDatabaseClock } from '../../../src/db/clock.js';

/** A database whose clock is ahead of one's own by so much, and which answers after so long. */
function scene(about: { aheadMs: number; takesMs?: number }) {
  let own = 1_000_000;
  const database = {
    $queryRaw: async () => {
      const half = (about.takesMs ?? 0) / 2;
      own += half;
      const now = own + about.aheadMs;
      own += half;
      return [{ now }];
    },
  };
  return { about, clock: createDatabaseClock(database as unknown as Pick<Database, '$queryRaw'>, () => own), own: () => own };
}

t.test('time is that of the database', async (t) => {
  for (const aheadMs of [90_000, -90_000]) {
    const { clock, own } = scene({ aheadMs, takesMs: 300 });
    t.equal(clock.now(), own(), 'one’s own before it was asked');
    await clock.look();
    t.equal(clock.now(), own() + aheadMs, 'half of what the answer took lies before it');
    t.equal(clock.at(new Date(own()).toISOString()), new Date(own() + aheadMs).toISOString());
  }
});

t.test('clocks that are near to each other are one', async (t) => {
  const { about, clock, own } = scene({ aheadMs: 5_000 });
  await clock.look();
  about.aheadMs = 200;
  await clock.look();
  t.equal(clock.now(), own());
});

t.test('an answer that took long changes nothing', async (t) => {
  const { about, clock, own } = scene({ aheadMs: 5_000 });
  await clock.look();
  Object.assign(about, { aheadMs: 9_000, takesMs: 2_000 });
  await clock.look();
  t.equal(clock.now(), own() + 5_000);
});
