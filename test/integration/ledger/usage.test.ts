// What the scheduler reads of what was used, on a real database: the same numbers as it counts by itself.
import t, { type Test } from 'tap';
import { connectDatabase } from '../../../src/db/client.js';
import { decayedUsage, usedToday } from '../../../src/ledger/usage.js';
import type { DeviceUse } from '../../../src/ledger/split.js';
import { decayed } from '../../../src/scheduler/shares.js';
import { randomOf } from '../../../src/simulator/workload.js';
import { at, MINUTE_MS, rowOf, runIdOf, TEAMS, use, ZERO } from '../../fixtures/device-uses.js';
import { testDatabase } from '../../helpers/postgres.js';

const price = { gpu: 1, cpu: 0.1 };
const priceOf = ({ deviceKind }: DeviceUse) => (deviceKind === 'gpu' ? price.gpu : price.cpu);
const HALF_LIFE_MS = 7 * 24 * 60 * MINUTE_MS;
const USERS = ['01890000-0000-7000-8000-0000000000a1', '01890000-0000-7000-8000-0000000000a2'];

async function stage(t: Test, uses: (DeviceUse & { userId: string | null })[]) {
  const { url } = await testDatabase(t);
  const database = connectDatabase({ url, maxConnections: 2 });
  t.teardown(() => database.$disconnect());
  await database.deviceUse.createMany({ data: uses.map(rowOf) });
  return database;
}

const close = (found: number, wanted: number) => Math.abs(found - wanted) <= 1e-9 * Math.abs(wanted);

t.test('usage fades as the scheduler has it fade', async (t) => {
  const random = randomOf(20261102);
  const now = ZERO + 40 * 24 * 60 * MINUTE_MS + 123;
  const uses = Array.from({ length: 200 }, (_, index) => {
    const start = random() * 40 * 24 * 60;
    const isOpen = index % 10 === 0;
    const minutes = index % 7 === 0 ? random() : random() * 3000;
    return {
      ...use({ runId: runIdOf(index), start, ...(isOpen ? {} : { end: Math.min(start + minutes, 40 * 24 * 60), endedAs: 'failed' }), share: index % 3 === 0 ? random() : 1 + (index % 4), deviceKind: index % 5 === 0 ? 'cpu' : 'gpu' }),
      teamId: index % 2 === 0 ? TEAMS.default : TEAMS.vision, userId: index % 11 === 0 ? null : USERS[index % 3 === 0 ? 0 : 1]!,
    };
  });
  const database = await stage(t, uses);
  /** In two steps: what it held while it held it, and then nothing. */
  const expected = (some: typeof uses) => some.reduce((sum, one) => {
    const [start, end] = [one.startedAt.getTime(), one.endedAt?.getTime() ?? now];
    const held = decayed(0, { elapsedMs: end - start, halfLifeMs: HALF_LIFE_MS, holding: one.share * priceOf(one) });
    return sum + decayed(held, { elapsedMs: now - end, halfLifeMs: HALF_LIFE_MS });
  }, 0);
  const found = await decayedUsage(database, { now, halfLifeMs: HALF_LIFE_MS, price });
  t.same([...found.keys()].sort(), [TEAMS.vision, TEAMS.default].sort());
  for (const [team, { usage, users }] of found) {
    const own = uses.filter(({ teamId }) => teamId === team);
    t.ok(close(usage, expected(own)), `${usage} of a team is ${expected(own)}`);
    for (const user of USERS) t.ok(close(users.get(user) ?? 0, expected(own.filter(({ userId }) => userId === user))), 'and so of a user');
    t.equal(users.size, 2, 'a user who is gone is none');
  }
});

t.test('what began long ago, ended long ago, or has not begun', async (t) => {
  const halfLifeMs = 10 * MINUTE_MS;
  const one = (number: number, words: Parameters<typeof use>[0]) => ({ ...use({ runId: runIdOf(number), ...words }), userId: USERS[number % 2]! });
  const database = await stage(t, [one(0, { start: -1e6, share: 2 }), one(1, { start: -200, end: -120, teamId: TEAMS.vision }), one(2, { start: 10, teamId: TEAMS.vision })]);
  const found = await decayedUsage(database, { now: ZERO, halfLifeMs, price });
  t.ok(close(found.get(TEAMS.default)!.usage, (2 * halfLifeMs) / Math.LN2), 'a hundred thousand half-lives are no fault');
  t.equal(found.get(TEAMS.vision)?.usage, 0, 'twelve half-lives later nothing is left, and what begins after now has not begun');
  t.ok((await decayedUsage(database, { now: ZERO - MINUTE_MS, halfLifeMs, price })).get(TEAMS.vision)!.usage > 0, 'a minute before there was something');
  t.same(await decayedUsage(await stage(t, []), { now: ZERO, halfLifeMs, price }), new Map());
});

t.test('a day begins at midnight, in UTC', async (t) => {
  const one = (number: number, words: Parameters<typeof use>[0]) => ({ ...use({ runId: runIdOf(number), ...words }), userId: null });
  const database = await stage(t, [
    one(0, { start: -60, end: 30, share: 0.5 }), one(1, { start: 40, end: 50, deviceKind: 'cpu', share: 4 }), one(2, { start: 80 }), one(3, { start: -100, end: -10 }), one(4, { start: 100 }),
    one(5, { start: -600, teamId: TEAMS.vision }), one(6, { start: 70, end: 120, teamId: TEAMS.vision }),
  ]);
  const used = await usedToday(database, { now: at(90).getTime(), price });
  t.same([...used].sort(), [[TEAMS.vision, (90 + 20) * MINUTE_MS], [TEAMS.default, (15 + 4 + 10) * MINUTE_MS]]);
  t.same(await usedToday(database, { now: at(1440 * 3).getTime(), price }).then((all) => all.get(TEAMS.vision)), 0, 'at midnight nothing is used yet');
});
