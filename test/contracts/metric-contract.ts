// Curves: what was appended comes back, every double of it, in order, of the latest attempt.
import type { Test } from 'tap';
import { CHUNK_POINTS } from '../../src/runs/metric-repository.js';
import { toMetricValue } from '../../src/runs/metric-values.js';
import type { NewEvent } from '../../src/schemas/event.js';
import { AT, block, newRun, runIn, type CreateSubject } from './subject.js';

export const ODD_VALUES = [NaN, Infinity, -Infinity, -0, 0, 1e308, -1e308, 5e-324, Number.MAX_VALUE, 0.1 + 0.2, 2 ** 53 + 2];

export async function metricContract(t: Test, createSubject: CreateSubject): Promise<void> {
  const subject = await createSubject(t);
  const { events, metrics, runs } = subject;
  const team = await subject.newTeam();
  const numbers = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

  await t.test('every double comes back as it was', async (t) => {
    const { id } = await runIn(subject, 'running', newRun(team));
    await events.append({ runId: id, attempt: 1 }, [block(numbers(1, ODD_VALUES.length), { loss: ODD_VALUES.map(toMetricValue) })]);
    const curve = await metrics.findCurve(id, 'batch/loss');
    for (const [index, value] of ODD_VALUES.entries()) t.ok(Object.is(curve?.values[index], value), `${Object.is(value, -0) ? '-0' : value} stays`);
    t.equal(curve?.values.length, ODD_VALUES.length, 'and none is added');
  });

  for (const odd of [NaN, Infinity, -Infinity]) {
    await t.test(`a curve of nothing but ${odd}`, async (t) => {
      const { id } = await runIn(subject, 'running', newRun(team));
      for (const step of [1, 3]) await events.append({ runId: id, attempt: 1 }, [block([step, step + 1], { loss: [toMetricValue(odd), toMetricValue(odd)] })]);
      t.strictSame(await metrics.findCurve(id, 'batch/loss'), { key: 'batch/loss', steps: [1, 2, 3, 4], values: [odd, odd, odd, odd] }, 'every point is one');
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
      t.strictSame(await metrics.findCurve(id, 'batch/loss'), { key: 'batch/loss', steps, values: steps.map((at) => 1 / at) }, 'all points, in order');
      t.strictSame(await metrics.listSeries(id), [{ key: 'batch/accuracy', count: step - 1, last: step - 1 }, { key: 'batch/loss', count: step - 1, last: 1 / (step - 1) }], 'both curves are counted');
    });
  }

  await t.test('several blocks and epochs in one append make their curves', async (t) => {
    const { id } = await runIn(subject, 'running', newRun(team));
    const epoch = (number: number): NewEvent => ({ kind: 'epoch', at: AT, data: { attempt: 1, epoch: number, step: number * 2, metrics: { loss: number / 2, val_loss: 'NaN' }, examplesPerSecond: 1, durationMs: 1, best: false } });
    await events.append({ runId: id, attempt: 1 }, [block([1, 2], { loss: [9, 8] }), epoch(1), block([3, 4], { loss: [7, 'Infinity'] }), epoch(2)]);
    t.strictSame((await metrics.listSeries(id)).map(({ key, count }) => [key, count]), [['batch/loss', 4], ['epoch/loss', 2], ['epoch/val_loss', 2]], 'batches and epochs apart');
    t.strictSame(await metrics.findCurve(id, 'batch/loss'), { key: 'batch/loss', steps: [1, 2, 3, 4], values: [9, 8, 7, Infinity] }, 'blocks follow each other');
    t.strictSame(await metrics.findCurve(id, 'epoch/val_loss'), { key: 'epoch/val_loss', steps: [1, 2], values: [NaN, NaN] }, 'epochs count by their number');
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
    t.match(await metrics.findCurve(id, 'batch/loss'), { steps: { length: CHUNK_POINTS } }, 'what was learned stays while it waits');
    await runs.change(id, { to: 'starting', set: { attempt: 2 } });
    t.strictSame(await metrics.listSeries(id), [], 'a new attempt begins with nothing');
    t.equal(await metrics.findCurve(id, 'batch/loss'), null, 'nor are its points there');
    await events.append({ runId: id, attempt: 2 }, [block([1], { loss: [0.5] })]);
    t.strictSame(await metrics.findCurve(id, 'batch/loss'), { key: 'batch/loss', steps: [1], values: [0.5] }, 'its own points are read');
    t.equal(await metrics.findCurve(id, 'batch/once'), null, 'a curve that only the old one had is gone');
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
      t.match(again, { run: { metrics: { val_loss: 1 }, progress: { step, epoch: 2 } }, events: [{ data: { state: 'starting', attempt: 2, step } }] }, `from step ${step} of ${count}: the run says so`);
      const kept = steps.slice(0, step);
      t.strictSame(await metrics.findCurve(id, 'batch/loss'), kept.length === 0 ? null : { key: 'batch/loss', steps: kept, values: kept.map((at) => -at) }, 'points up to it are kept');
      t.strictSame(await metrics.findCurve(id, 'epoch/val_loss'), { key: 'epoch/val_loss', steps: [1, 2], values: [0.5, 1] }, 'by epoch, those that were whole');
      const last = kept.at(-1);
      t.strictSame((await metrics.listSeries(id)).find(({ key }) => key === 'batch/loss'), last === undefined ? undefined : { key: 'batch/loss', count: kept.length, last: -last }, 'and counted');
      await events.append({ runId: id, attempt: 2 }, [block([step + 1, step + 2], { loss: [7, NaN].map(toMetricValue) })]);
      t.strictSame(await metrics.findCurve(id, 'batch/loss'), { key: 'batch/loss', steps: [...kept, step + 1, step + 2], values: [...kept.map((at) => -at), 7, NaN] }, 'the new attempt goes on with them');
    }
  });

  await t.test('what is not there is not found', async (t) => {
    const { id } = await runIn(subject, 'running', newRun(team));
    t.strictSame(await metrics.listSeries(id), [], 'a run without points has no curves');
    t.equal(await metrics.findCurve(id, 'batch/loss'), null, 'nor this one');
    t.equal(await metrics.findCurve(id, 'batch/\u0000'), null, 'nor a key that cannot be');
    t.strictSame(await metrics.listSeries('01890000-0000-7000-8000-ffffffffffff'), [], 'nor has a run that is not there');
  });
}
