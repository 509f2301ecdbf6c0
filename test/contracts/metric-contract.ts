// Curves: what was appended comes back, every double of it, in order, of the latest attempt.
import type { Test } from 'tap';
import type { Points } from '../../src/metrics/buckets.js';
import { CHUNK_POINTS } from '../../src/metrics/buckets.js';
import { toMetricValue } from '../../src/metrics/values.js';
import type { NewEvent } from '../../src/schemas/event.js';
import { AT, block, newRun, partOf, pointsOf, runIn, type CreateSubject } from './subject.js';

export const ODD_VALUES = [NaN, Infinity, -Infinity, -0, 0, 1e308, -1e308, 5e-324, Number.MAX_VALUE, 0.1 + 0.2, 2 ** 53 + 2];

export async function metricContract(t: Test, createSubject: CreateSubject): Promise<void> {
  const subject = await createSubject(t);
  const { events, metrics, runs } = subject;
  const team = await subject.newTeam();
  const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

  await t.test('every double comes back as it was', async (t) => {
    const { id } = await runIn(subject, 'running', newRun(team));
    await events.append({ runId: id, attempt: 1 }, [block(numbers(1, ODD_VALUES.length), { loss: ODD_VALUES.map(toMetricValue) })]);
    const curve = await pointsOf(metrics, id, 'batch/loss');
    for (const [index, value] of ODD_VALUES.entries()) t.ok(Object.is(curve?.values[index], value), `${Object.is(value, -0) ? '-0' : value} stays`);
    t.equal(curve?.values.length, ODD_VALUES.length, 'and none is added');
  });

  for (const odd of [NaN, Infinity, -Infinity]) {
    await t.test(`a curve of nothing but ${odd}`, async (t) => {
      const { id } = await runIn(subject, 'running', newRun(team));
      for (const step of [1, 3]) await events.append({ runId: id, attempt: 1 }, [block([step, step + 1], { loss: [toMetricValue(odd), toMetricValue(odd)] })]);
      t.strictSame(await pointsOf(metrics, id, 'batch/loss'), { steps: [1, 2, 3, 4], values: [odd, odd, odd, odd] }, 'every point is one');
      t.strictSame(await metrics.listSeries(id), [{ key: 'batch/loss', count: 4, last: odd }], 'and so is the last');
    });
  }

  const full = CHUNK_POINTS;
  for (const sizes of [[full - 1], [full], [full + 1], [full - 1, 1, 1], [full, full], [1, full], [full - 24, 3 * full], [2 * full + 1], [1, 1, 1, 5 * full]]) {
    await t.test(`appends of ${sizes.join(', ')} points`, async (t) => {
      const { id } = await runIn(subject, 'running', newRun(team));
      let step = 1;
      for (const size of sizes) {
        const steps = numbers(step, size);
        await events.append({ runId: id, attempt: 1 }, [block(steps, { loss: steps.map((at) => 1 / at), accuracy: steps })]);
        step += size;
      }
      const steps = numbers(1, step - 1);
      t.strictSame(await pointsOf(metrics, id, 'batch/loss'), { steps, values: steps.map((at) => 1 / at) }, 'all points, in order');
      t.strictSame(await metrics.listSeries(id), [{ key: 'batch/accuracy', count: step - 1, last: step - 1 }, { key: 'batch/loss', count: step - 1, last: 1 / (step - 1) }], 'both curves are counted');
    });
  }

  await t.test('several blocks and epochs in one append make their curves', async (t) => {
    const { id } = await runIn(subject, 'running', newRun(team));
    const epoch = (number: number): NewEvent => ({ kind: 'epoch', at: AT, data: { attempt: 1, epoch: number, step: number * 2, metrics: { loss: number / 2, val_loss: 'NaN' }, examplesPerSecond: 1, durationMs: 1, best: false } });
    await events.append({ runId: id, attempt: 1 }, [block([1, 2], { loss: [9, 8] }), epoch(1), block([3, 4], { loss: [7, 'Infinity'] }), epoch(2)]);
    t.strictSame((await metrics.listSeries(id)).map(({ key, count }) => [key, count]), [['batch/loss', 4], ['epoch/loss', 2], ['epoch/val_loss', 2]], 'batches and epochs apart');
    t.strictSame(await pointsOf(metrics, id, 'batch/loss'), { steps: [1, 2, 3, 4], values: [9, 8, 7, Infinity] }, 'blocks follow each other');
    t.strictSame(await pointsOf(metrics, id, 'epoch/val_loss'), { steps: [1, 2], values: [NaN, NaN] }, 'epochs count by their number');
  });

  await t.test('a block without steps adds no point', async (t) => {
    const { id, head } = await runIn(subject, 'running', newRun(team));
    t.match(await events.append({ runId: id, attempt: 1 }, [block([], { loss: [] })]), [{ seq: head + 1 }], 'it is an event all the same');
    t.strictSame(await metrics.listSeries(id), [], 'there is no curve');
    await events.append({ runId: id, attempt: 1 }, [block([1], { loss: [4] }), block([], { loss: [], accuracy: [] })]);
    t.strictSame(await metrics.listSeries(id), [{ key: 'batch/loss', count: 1, last: 4 }], 'the point of the full one is there');
  });

  await t.test('the latest attempt is the one that is read', async (t) => {
    const { id } = await runIn(subject, 'running', newRun(team));
    await events.append({ runId: id, attempt: 1 }, [block(numbers(1, CHUNK_POINTS), { loss: numbers(1, CHUNK_POINTS), once: numbers(1, CHUNK_POINTS) })]);
    await runs.change(id, { to: 'queued' });
    t.match(await pointsOf(metrics, id, 'batch/loss'), { steps: { length: CHUNK_POINTS } }, 'what was learned stays while it waits');
    await runs.change(id, { to: 'starting', set: { attempt: 2 } });
    t.strictSame(await metrics.listSeries(id), [], 'a new attempt begins with nothing');
    t.equal(await pointsOf(metrics, id, 'batch/loss'), null, 'nor are its points there');
    await events.append({ runId: id, attempt: 2 }, [block([1], { loss: [0.5] })]);
    t.strictSame(await pointsOf(metrics, id, 'batch/loss'), { steps: [1], values: [0.5] }, 'its own points are read');
    t.equal(await pointsOf(metrics, id, 'batch/once'), null, 'a curve that only the old one had is gone');
  });

  await t.test('an attempt that goes on from a step has the points up to it, and no others', async (t) => {
    const full = CHUNK_POINTS;
    for (const [count, step] of [[10, 4], [full, full - 1], [3 * full, full], [3 * full, full + 1], [3 * full, 3 * full], [full + 1, 1], [5, 0], [5, 9]] as const) {
      const { id } = await runIn(subject, 'running', newRun(team));
      const steps = numbers(1, count);
      const epoch = (number: number): NewEvent => ({ kind: 'epoch', at: AT, data: { attempt: 1, epoch: number, step: number, metrics: { val_loss: number / 2 }, examplesPerSecond: 1, durationMs: 1, best: false } });
      await events.append({ runId: id, attempt: 1 }, [block(steps, { loss: steps.map((at) => -at), late: steps.map(() => 1) }), epoch(1), epoch(2), epoch(3)]);
      await runs.change(id, { to: 'queued' });
      const again = await runs.change(id, { to: 'starting', set: { attempt: 2 }, resume: { step, epoch: 2, metrics: { val_loss: 1 } } });
      t.match(again, { run: { metrics: { val_loss: 1 }, progress: { step, epoch: 2 } }, events: [{ data: { state: 'starting', attempt: 2, step, epoch: 2 } }] }, `from step ${step} of ${count}: the run says so`);
      const kept = steps.slice(0, step);
      t.strictSame(await pointsOf(metrics, id, 'batch/loss'), kept.length === 0 ? null : { steps: kept, values: kept.map((at) => -at) }, 'points up to it are kept');
      t.strictSame(await pointsOf(metrics, id, 'epoch/val_loss'), { steps: [1, 2], values: [0.5, 1] }, 'by epoch, those that were whole');
      const last = kept.at(-1);
      t.strictSame((await metrics.listSeries(id)).find(({ key }) => key === 'batch/loss'), last === undefined ? undefined : { key: 'batch/loss', count: kept.length, last: -last }, 'and counted');
      const more = numbers(step + 1, 2 * full);
      await events.append({ runId: id, attempt: 2 }, [block(more, { loss: more.map((at) => (at === step + 2 ? 'NaN' : at)) })]);
      const points = { steps: [...kept, ...more], values: [...kept.map((at) => -at), ...more.map((at) => (at === step + 2 ? NaN : at))] };
      t.strictSame(await pointsOf(metrics, id, 'batch/loss'), points, 'the new attempt goes on with them');
      t.strictSame((await partOf(metrics, id, 'batch/loss', { maxPoints: 1 }))?.buckets, bucketsByHand(points, 1), 'also where they are summed up');
    }
  });

  await t.test('a part is told point by point while it fits, else in buckets', async (t) => {
    const { id } = await runIn(subject, 'running', newRun(team));
    const count = 9 * CHUNK_POINTS + 50;
    // Steps with gaps between; odd values in the third chunk alone, one too large to be summed in the fifth, no number in the seventh.
    const steps = numbers(1, count).map((step) => 3 * step);
    const odd = ODD_VALUES.filter((value) => value !== -1e308); // sums that cancel depend on their order
    const oddAt = (place: number) => (Math.floor(place / CHUNK_POINTS) === 2 ? odd[place % 16] : undefined);
    const hugeAt = (place: number) => (place === 4 * CHUNK_POINTS + 60 ? 1e300 : undefined);
    const values = steps.map((step, place) => oddAt(place) ?? hugeAt(place) ?? (Math.floor(place / CHUNK_POINTS) === 6 ? NaN : Math.sin(step) * 1e3));
    for (let at = 0, size = 1; at < count; at += size, size = (size * 7) % 201) {
      await events.append({ runId: id, attempt: 1 }, [block(steps.slice(at, at + size), { loss: values.slice(at, at + size).map(toMetricValue) })]);
    }
    const part = (from: number, to: number, maxPoints: number) => partOf(metrics, id, 'batch/loss', { fromStep: from, toStep: to, maxPoints });
    const about = { count, last: values.at(-1) };
    const places: [from: number, to: number][] = [[0, count], [1, count], [0, 8 * CHUNK_POINTS], [CHUNK_POINTS, 9 * CHUNK_POINTS], [CHUNK_POINTS - 1, 4 * CHUNK_POINTS + 1], [5, 700], [2 * CHUNK_POINTS + 3, 2 * CHUNK_POINTS + 30], [count - 1, count], [40, 40]];
    for (const [start, end] of places) {
      // Between two steps, so that it is the order that counts.
      const [fromStep, toStep] = [3 * start + 2, 3 * end + 1];
      const shown = { steps: steps.slice(start, end), values: values.slice(start, end) };
      t.strictSame(await part(fromStep, toStep, Math.max(1, end - start)), { ...about, points: shown }, `the points from ${start} to ${end}`);
      for (const buckets of [1, 2, 7, 8, 9, 100, 1000]) {
        if (buckets >= shown.steps.length) continue;
        const answer = await part(fromStep, toStep, buckets);
        const { mean = [], ...exact } = answer?.buckets ?? {};
        const { mean: expectedMean, ...expected } = bucketsByHand(shown, buckets, start);
        t.strictSame({ ...answer, buckets: exact }, { ...about, buckets: expected }, `in ${buckets} buckets`);
        t.ok(mean.length === buckets && mean.every((value, index) => isAlmost(value, expectedMean[index]!)), 'with their means');
      }
    }
    t.strictSame(await part(steps[0]!, steps[0]!, 1), { ...about, points: { steps: [3], values: [values[0]] } }, 'a step is within its own bounds');
    t.strictSame(await part(3 * count + 1, Infinity, 1), { ...about, points: { steps: [], values: [] } }, 'after the last there is nothing');
    t.strictSame(await part(10, 9, 1), { ...about, points: { steps: [], values: [] } }, 'nor between bounds in the wrong order');
  });

  await t.test('curves of several runs are read together, each as it is by itself', async (t) => {
    const made: string[] = [];
    for (const size of [3, full, 2 * full + 5, 40 * full + 1]) {
      const { id } = await runIn(subject, 'running', newRun(team));
      const steps = numbers(1, size);
      await events.append({ runId: id, attempt: 1 }, [block(steps, { loss: steps.map((at) => Math.cos(at) * size), late: steps.map((at) => (at > 2 ? at : 'NaN')) })]);
      made.push(id);
    }
    // In no order, with a curve that is not there, one of another attempt, and one that comes twice.
    const again = await runIn(subject, 'running', newRun(team));
    await events.append({ runId: again.id, attempt: 1 }, [block([1], { loss: [1] })]);
    await runs.change(again.id, { to: 'queued' });
    await runs.change(again.id, { to: 'starting', set: { attempt: 2 } });
    const asked = [...made.toReversed(), again.id, made[1]!, '00000000-0000-7000-8000-000000000000'].flatMap((runId) => ['batch/late', 'batch/none', 'batch/loss'].map((key) => ({ runId, key })));
    for (const query of [{ maxPoints: 100, fromStep: 0, toStep: Infinity }, { maxPoints: 2_000, fromStep: 0, toStep: Infinity }, { maxPoints: 7, fromStep: 2, toStep: 3 * full }]) {
      const alone = [];
      for (const { runId, key } of asked) alone.push(await partOf(metrics, runId, key, query));
      t.strictSame(await metrics.findCurves(asked, query), alone, `${query.maxPoints} points at most`);
      t.equal(alone.filter((part) => part !== null).length, 10, 'those that there are');
    }
    t.strictSame(await metrics.findCurves([], { maxPoints: 1, fromStep: 0, toStep: Infinity }), [], 'none asked, none answered');
  });

  await t.test('what is not there is not found', async (t) => {
    const { id } = await runIn(subject, 'running', newRun(team));
    t.strictSame(await metrics.listSeries(id), [], 'a run without points has no curves');
    t.equal(await pointsOf(metrics, id, 'batch/loss'), null, 'nor this one');
    t.equal(await pointsOf(metrics, id, 'batch/\u0000'), null, 'nor a key that cannot be');
    t.strictSame(await metrics.listSeries('01890000-0000-7000-8000-ffffffffffff'), [], 'nor has a run that is not there');
  });
}

/** @param place of the first point in the whole curve */
function bucketsByHand({ steps, values }: Points, count: number, place = 0) {
  const even = Array.from({ length: count + 1 }, (_, index) => Math.floor((index * steps.length) / count));
  // Large ones begin at the chunk that is nearest.
  const nearest = (start: number) => Math.round((place + start) / CHUNK_POINTS) * CHUNK_POINTS - place;
  const starts = steps.length / count < 4 * CHUNK_POINTS ? even : even.map((start, index) => (index === 0 || index === count ? start : nearest(start)));
  const slices = starts.slice(0, -1).map((start, index) => ({ steps: steps.slice(start, starts[index + 1]), values: values.slice(start, starts[index + 1]) }));
  const column = <T>(of: (slice: Points & { numbers: number[]; finite: number[] }) => T) =>
    slices.map((slice) => of({ ...slice, numbers: slice.values.filter((value) => !Number.isNaN(value)), finite: slice.values.filter(Number.isFinite) }));
  return {
    from: column(({ steps }) => steps[0]),
    to: column(({ steps }) => steps.at(-1)),
    count: column(({ steps }) => steps.length),
    first: column(({ values }) => values[0]),
    last: column(({ values }) => values.at(-1)),
    min: column(({ numbers }) => (numbers.length === 0 ? NaN : Math.min(...numbers))),
    max: column(({ numbers }) => (numbers.length === 0 ? NaN : Math.max(...numbers))),
    mean: column(({ finite }) => (finite.length === 0 ? NaN : finite.reduce((sum, value) => sum + value, 0) / finite.length)),
    nan: column(({ values, numbers }) => values.length - numbers.length),
  };
}

/** Sums of another order round in another way. */
const isAlmost = (a: number, b: number) => Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
