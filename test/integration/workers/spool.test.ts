// What waits for the database: all of it comes out, in order and once, however much it is and wherever it lay.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { EventLog } from '../../../src/live/event-log.js';
import { key, uniform } from '../../../src/ml/rng.js';
import type { NewEvent, RunEvent } from '../../../src/schemas/event.js';
import { Journal } from '../../../workers/journal.js';
import { Spool, type Entry } from '../../../workers/spool.js';
import { SilentBus } from '../../fakes/queue.js';
import { until } from '../../helpers/poll.js';

const event = (n: number): NewEvent => ({ kind: 'log', at: new Date(n).toISOString(), data: { level: 'info', message: String(n) } });
const numberOf = (entry: Entry): number => (entry.kind === 'event' && entry.event.kind === 'log' ? Number(entry.event.data.message) : NaN);

t.test('a spool answers what it was given, in order, whatever the rhythm', async (t) => {
  let drawn = 0;
  const next = () => uniform(key(7), drawn++);
  for (const memoryLimit of [1, 3, 10]) {
    const spool = new Spool({ file: join(t.testdir(), 'spool'), memoryLimit, onError: (error) => t.fail(String(error)) });
    let given = 0;
    let taken = 0;
    for (let round = 0; round < 300; round += 1) {
      for (let count = Math.floor(next() * 12); count > 0; count -= 1) spool.push({ kind: 'event', event: event(given++) });
      const entries = spool.peek();
      if (entries.some((entry, index) => numberOf(entry) !== taken + index)) t.fail(`after ${taken} come ${entries.map(numberOf).join()}`);
      const count = Math.floor(next() * (entries.length + 1));
      spool.drop(count);
      taken += count;
    }
    for (let entries = spool.peek(); entries.length > 0; entries = spool.peek()) {
      taken += entries.length;
      spool.drop(entries.length);
    }
    t.equal(taken, given, `with ${memoryLimit} in memory, nothing is left and nothing came twice`);
    spool.close();
  }
});

t.test('acts keep their place among events, and odd numbers their value', async (t) => {
  const spool = new Spool({ file: join(t.testdir(), 'spool'), memoryLimit: 1, onError: (error) => t.fail(String(error)) });
  const done: string[] = [];
  const odd: NewEvent = { kind: 'metrics', at: '', data: { attempt: 1, epoch: 1, steps: [1, 2], series: { loss: [-0, NaN as never] }, examplesPerSecond: 1 } };
  spool.push({ kind: 'event', event: event(0) });
  spool.push({ kind: 'act', act: async () => void done.push('act') });
  spool.push({ kind: 'event', event: odd });
  const out: Entry[] = [];
  for (let entries = spool.peek(); entries.length > 0; entries = spool.peek()) {
    out.push(...entries);
    spool.drop(entries.length);
  }
  t.same(out.map(({ kind }) => kind), ['event', 'act', 'event']);
  if (out[1]?.kind === 'act') await out[1].act();
  t.same(done, ['act']);
  t.strictSame(out[2], { kind: 'event', event: odd });
});

t.test('a file that cannot be written costs memory, not events', async (t) => {
  const errors: unknown[] = [];
  const spool = new Spool({ file: join(t.testdir(), 'no', 'such', 'folder'), memoryLimit: 2, onError: (error) => errors.push(error) });
  for (let n = 0; n < 9; n += 1) spool.push({ kind: 'event', event: event(n) });
  const out: number[] = [];
  for (let entries = spool.peek(); entries.length > 0; entries = spool.peek()) {
    out.push(...entries.map(numberOf));
    spool.drop(entries.length);
  }
  t.same(out, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  t.match(errors[0], { code: 'ENOENT' }, 'and somebody is told');
});

t.test('a journal spools to disk while the database is away, and writes all of it when it is back', async (t) => {
  const spoolFile = join(t.testdir(), 'spool');
  const written: NewEvent[] = [];
  let isAway = true;
  const append: EventLog['append'] = async (_fence, events) => {
    if (isAway) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    written.push(...events);
    return events.map((one, index): RunEvent => ({ seq: written.length - events.length + index + 1, ...one }));
  };
  let outages = 0;
  const journal = new Journal({
    fence: { runId: 'r', attempt: 1 }, head: 0, bus: new SilentBus(), spoolFile,
    events: { append, read: () => Promise.reject(new Error('not asked')), evaluations: () => Promise.reject(new Error('not asked')), heads: () => Promise.reject(new Error('not asked')) },
    onAway: () => (outages += 1), onBroken: (error) => t.fail(String(error)), onSpoolError: (error) => t.fail(String(error)),
  });
  for (let n = 0; n < 5_500; n += 1) journal.write(event(n));
  await until(() => outages > 0, { what: 'the outage to be noticed' });
  t.ok(statSync(spoolFile).size > 100_000, 'most of it is on disk');
  isAway = false;
  await journal.settled();
  t.same(written.map((one) => Number(one.kind === 'log' && one.data.message)), Array.from({ length: 5_500 }, (_, n) => n), 'in order, each once');
  t.equal(outages, 1, 'the outage was told once');
  t.equal(statSync(spoolFile).size, 0, 'the disk is free again');
  journal.write(event(5_500));
  await journal.settled();
  t.equal(written.length, 5_501, 'and what follows goes its usual way');
  journal.close();
  t.ok(existsSync(spoolFile), 'its folder is removed by the attempt');
});
