import fc from 'fast-check';
import t from 'tap';
import { splitOf, stretchesOf, type DeviceUse, type Split } from '../../../src/ledger/split.js';
import { MINUTE_MS, use, ZERO, type UseInWords } from '../../fixtures/device-uses.js';

/** Minutes of each attempt; of all time unless a period is given, in minutes. */
function minutes(attempts: UseInWords[], [from, to]: [number, number] = [-1e6, 1e6]): Partial<Split>[] {
  const uses = attempts.map((words, index) => use({ attempt: index + 1, ...words }));
  return stretchesOf(uses).map((stretches) => {
    const split = splitOf(stretches, { from: ZERO + from * MINUTE_MS, to: ZERO + to * MINUTE_MS });
    return Object.fromEntries(Object.entries(split).filter(([, ms]) => ms > 0).map(([category, ms]) => [category, ms / MINUTE_MS]));
  });
}

t.test('a run that waited, started, and was at its best at three quarters', async (t) => {
  t.same(minutes([{ queued: -30, start: 0, running: 10, end: 110, steps: [0, 1000], endedAs: 'succeeded', bestStep: 750 }]), [{ waiting: 30, idle: 10, useful: 75, afterBest: 25 }]);
});

t.test('a crash loses what the next attempt did again', async (t) => {
  const crash: UseInWords = { start: 0, running: 10, end: 110, steps: [0, 1000], endedAs: 'lost' };
  t.same(minutes([crash]), [{ idle: 10, useful: 100 }], 'nothing, as long as nobody goes on');
  t.same(minutes([crash, { queued: 110, start: 115, running: 120, steps: [800, 0] }], [-1e6, 140]), [{ idle: 10, useful: 80, lost: 20 }, { waiting: 5, idle: 5, useful: 20 }], 'the last fifth');
  t.same(
    minutes([crash, { start: 110, running: 120, end: 150, steps: [800, 1400], endedAs: 'succeeded', bestStep: 500 }]),
    [{ idle: 10, useful: 50, afterBest: 30, lost: 20 }, { idle: 10, afterBest: 30 }],
    'and what was kept may lie after the best epoch',
  );
  t.same(minutes([crash, { start: 110, end: 111, steps: [900, 900], endedAs: 'lost' }, { start: 120, running: 120, end: 130, steps: [300, 400], endedAs: 'failed' }]),
    [{ idle: 10, useful: 30, lost: 70 }, { idle: 1 }, { useful: 10 }], 'also when an attempt between them did nothing');
  t.same(minutes([crash, { start: 110, running: 110, end: 120, steps: [0, 100], endedAs: 'cancelled' }]), [{ idle: 10, lost: 100 }, { useful: 10 }], 'all of it, without a training state');
});

t.test('a run that made room, or was paused, loses nothing', async (t) => {
  for (const endedAs of ['queued', 'paused']) {
    t.same(
      minutes([{ start: 0, running: 5, end: 65, steps: [0, 600], endedAs }, { queued: 65, start: 185, running: 190, end: 230, steps: [600, 1000], endedAs: 'succeeded', bestStep: 1000 }]),
      [{ idle: 5, useful: 60 }, { waiting: 120, idle: 5, useful: 40 }],
      endedAs,
    );
  }
});

t.test('a run that has failed for good has lost what it has nothing to show for', async (t) => {
  const failed: UseInWords = { start: 0, running: 0, end: 100, steps: [0, 1000], endedAs: 'failed' };
  t.same(minutes([{ ...failed, keptStep: 0 }]), [{ lost: 100 }], 'all of it, before its first training state');
  t.same(minutes([{ ...failed, keptStep: 800, bestStep: 600 }]), [{ useful: 60, afterBest: 20, lost: 20 }], 'else what came after that');
  t.same(minutes([{ ...failed, keptStep: 600, bestStep: 600 }]), [{ useful: 60, lost: 40 }], 'or after its best epoch');
  const lost = (start: number): UseInWords => ({ start, running: start, end: start + 10, steps: [0, 900], endedAs: 'lost', keptStep: 0 });
  t.same(minutes([lost(0), lost(10), lost(20)]), [{ lost: 10 }, { lost: 10 }, { lost: 10 }], 'one that was given up');
  t.same(minutes([{ ...failed, keptStep: 0 }, { start: 100, running: 100, end: 150, steps: [0, 1000], endedAs: 'succeeded', bestStep: 1000 }]), [{ lost: 100 }, { useful: 50 }]);
  t.same(minutes([{ ...failed, keptStep: 500 }, { start: 100, running: 100, end: 150, steps: [500, 1000], endedAs: 'succeeded', bestStep: 1000 }]), [{ useful: 50, lost: 50 }, { useful: 50 }], 'and one that was resumed');
});

t.test('one that hung was idle after its last step', async (t) => {
  const hung: UseInWords = { start: 0, running: 5, progressed: 15, end: 45, steps: [0, 900], endedAs: 'failed' };
  t.same(minutes([{ ...hung, keptStep: 900 }]), [{ useful: 10, idle: 35 }]);
  t.same(minutes([{ ...hung, keptStep: 450 }]), [{ useful: 5, lost: 5, idle: 35 }], 'of what it did before, steps are lost as ever');
  t.same(minutes([{ ...hung, endedAs: 'queued' }, { start: 45, running: 45, end: 55, steps: [900, 1800], endedAs: 'succeeded', bestStep: 1800 }]), [{ useful: 10, idle: 35 }, { useful: 10 }], 'whatever came after it');
  t.same(minutes([{ ...hung, endedAs: 'succeeded' }]), [{ useful: 40, idle: 5 }], 'one that has succeeded has written its model');
  t.same(minutes([{ ...hung, end: 16 }]), [{ useful: 11, idle: 5 }], 'a minute is none');
  t.same(minutes([{ ...hung, steps: [0, 2] }]), [{ useful: 40, idle: 5 }], 'nor are a few of its steps');
  t.same(minutes([{ ...hung, progressed: 60 }]), [{ useful: 40, idle: 5 }], 'clocks differ');
});

t.test('one that never ran was idle', async (t) => {
  t.same(minutes([{ start: 0, end: 7, endedAs: 'failed' }]), [{ idle: 7 }]);
  t.same(minutes([{ start: 0, running: 3, end: 7, steps: [50, 50], endedAs: 'failed' }]), [{ idle: 7 }], 'one that did no step as well');
  t.same(minutes([{ start: 0 }], [0, 9]), [{ idle: 9 }], 'so far');
});

t.test('what lasts is useful, until the best is known', async (t) => {
  const running: UseInWords = { queued: -1, start: 0, running: 2 };
  t.same(minutes([running], [-1e6, 60]), [{ waiting: 1, idle: 2, useful: 58 }]);
  t.same(minutes([{ ...running, lease: 30 }], [-1e6, 60]), [{ waiting: 1, idle: 2, useful: 28 }], 'its box may be off');
  t.same(minutes([{ start: 0, lease: 30 }], [0, 60]), [{ idle: 30 }]);
  t.same(minutes([{ start: 0, running: 0, end: 10, steps: [0, 10], endedAs: 'succeeded', bestStep: 4 }, { start: 20, running: 20, steps: [10, 0] }], [0, 30]), [{ useful: 10 }, { useful: 10 }], 'a run that was extended may still find a better one');
  t.same(minutes([{ start: 0, running: 0, end: 10, steps: [0, 10], endedAs: 'failed' }]), [{ useful: 10 }], 'a best that nobody knows');
  t.same(minutes([{ start: 0, running: 0, end: 10, steps: [0, 10], endedAs: 'failed', bestStep: 0 }]), [{ afterBest: 10 }], 'a best before the first step');
});

t.test('a period cuts what lies across its edges', async (t) => {
  const whole: UseInWords = { queued: -30, start: 0, running: 10, end: 110, steps: [0, 1000], endedAs: 'succeeded', bestStep: 750 };
  t.same(minutes([whole], [-10, 5]), [{ waiting: 10, idle: 5 }]);
  t.same(minutes([whole], [60, 100]), [{ useful: 25, afterBest: 15 }]);
  t.same(minutes([whole], [110, 200]), [{}]);
  t.same(minutes([whole, { start: 300 }], [-60, -30]), [{}, {}]);
});

t.test('clocks of two machines may differ', async (t) => {
  t.same(minutes([{ queued: 1, start: 0, running: -1, end: 10, steps: [0, 10], endedAs: 'failed' }]), [{ useful: 10 }], 'it ran before it was started');
  t.same(minutes([{ start: 0, running: 12, end: 10, steps: [0, 10], endedAs: 'failed' }]), [{ idle: 10 }], 'or after it had ended');
  t.same(minutes([{ start: 0, running: 0, end: -3, steps: [0, 10], endedAs: 'failed' }]), [{}], 'or ended before');
});

const milliseconds = fc.integer({ min: 0, max: 40_000_000 });
const attempt = fc.record({
  wait: milliseconds, startup: fc.option(milliseconds), held: milliseconds, first: fc.integer({ min: 0, max: 5_000 }), done: fc.option(fc.integer({ min: 0, max: 5_000 })),
  best: fc.option(fc.integer({ min: 0, max: 10_000 })), kept: fc.option(fc.integer({ min: 0, max: 10_000 })), progressed: fc.option(milliseconds), endedAs: fc.constantFrom('succeeded', 'failed', 'cancelled', 'paused', 'queued', 'lost'), share: fc.double({ min: 0.01, max: 8, noNaN: true }),
});
/** Attempts one after the other, the last of which may last. */
const run = fc.tuple(fc.array(attempt, { minLength: 1, maxLength: 6 }), fc.boolean()).map(([attempts, lasts]) => {
  let now = ZERO;
  return attempts.map(({ wait, startup, held, first, done, best, kept, progressed, endedAs, share }, index): DeviceUse => {
    const queuedAt = new Date(now);
    const startedAt = new Date((now += wait));
    const runningAt = startup === null ? null : new Date(now + startup);
    const progressedAt = progressed === null ? null : new Date(now + progressed);
    now += held;
    const isOpen = lasts && index === attempts.length - 1;
    const end = isOpen ? { endedAt: null, heldUntil: null, endedAs: null, lastStep: null, keptStep: null } : { endedAt: new Date(now), heldUntil: new Date(now), endedAs, lastStep: done === null ? null : first + done, keptStep: kept };
    return { ...use({ start: 0 }), attempt: index + 1, share, queuedAt, startedAt, runningAt, progressedAt, firstStep: first, bestStep: best, ...end };
  });
});
const period = fc.tuple(fc.integer({ min: -1e7, max: 2e8 }), fc.integer({ min: 0, max: 2e8 })).map(([from, length]) => ({ from: ZERO + from, to: ZERO + from + length }));
const SEED = { seed: 20261102, numRuns: 2_000 };

t.test('the categories are what was held, exactly, in whatever period', async () => {
  fc.assert(fc.property(run, period, (uses, { from, to }) => {
    const splits = stretchesOf(uses).map((stretches) => splitOf(stretches, { from, to }));
    return uses.every(({ queuedAt, startedAt, endedAt }, index) => {
      const overlap = (since: Date, until: Date | null) => Math.max(0, Math.min(to, until?.getTime() ?? to) - Math.max(from, since.getTime()));
      const { useful, afterBest, lost, idle, waiting } = splits[index]!;
      return [useful, afterBest, lost, idle, waiting].every((ms) => Number.isInteger(ms) && ms >= 0) && useful + afterBest + lost + idle === overlap(startedAt, endedAt) && waiting === overlap(queuedAt, startedAt);
    });
  }), SEED);
});

t.test('two periods in a row are the same as both at once', async () => {
  fc.assert(fc.property(run, period, fc.double({ min: 0, max: 1, noNaN: true }), (uses, { from, to }, part) => {
    const middle = Math.round(from + part * (to - from));
    return stretchesOf(uses).every((stretches) => {
      const [whole, before, after] = [splitOf(stretches, { from, to }), splitOf(stretches, { from, to: middle }), splitOf(stretches, { from: middle, to })];
      return (Object.keys(whole) as (keyof Split)[]).every((category) => whole[category] === before[category] + after[category]);
    });
  }), SEED);
});

t.test('stretches follow one another without a gap', async () => {
  fc.assert(fc.property(run, (uses) => stretchesOf(uses).every((stretches) => stretches.every(({ from, to }, index) => from <= to && (index === 0 || from === stretches[index - 1]!.to)))), SEED);
});

t.test('nothing is lost but what a later attempt did again, or nothing was kept of', async () => {
  fc.assert(fc.property(run, (uses) => {
    const splits = stretchesOf(uses).map((stretches) => splitOf(stretches, { from: -Infinity, to: ZERO + 1e12 }));
    return splits.every(({ lost }, index) => lost === 0 || [...uses.slice(index + 1).map(({ firstStep }) => firstStep), uses.at(-1)!.keptStep ?? Infinity].some((step) => step < (uses[index]!.lastStep ?? 0)));
  }), SEED);
});
