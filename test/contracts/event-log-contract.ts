// The event log: numbers without gaps, fences, readings.
import type { Test } from 'tap';
import type { ResumePoint } from '../../src/artifacts/artifact-repository.js';
import { FencedError } from '../../src/live/event-log.js';
import { RUN_STATES, isHeld } from '../../src/portable/run-states.js';
import type { NewEvent } from '../../src/schemas/event.js';
import { AT, block, FAR, line, newRun, pointsOf, runIn, STORED, UNSTORABLE, type CreateSubject } from './subject.js';

const NOBODY = '01890000-0000-7000-8000-ffffffffffff';

const evaluation = (epoch: number, attempt: number): NewEvent => ({
  kind: 'evaluation', at: AT,
  data: { attempt, epoch, step: epoch, split: 'train', labels: ['a', 'b'], confusionMatrix: [[3, 1], [0, 4]], unpredictedCounts: [2, 0], samples: [{ index: 7, trueClass: 0, predictedClass: 1, trueProbability: 0.25, predictedProbability: 0.75 }] },
});

/** One of each kind that a trainer's supervisor writes. */
const ONE_OF_EACH: NewEvent[] = [
  block([1, 2], { loss: [2.5, 'NaN'], accuracy: [0.1, 'Infinity'] }),
  { kind: 'epoch', at: AT, data: { attempt: 1, epoch: 1, step: 2, metrics: { loss: 2.25, val_loss: '-Infinity' }, examplesPerSecond: 1e3, durationMs: 12.5, best: true } },
  line('"quoted" \\ and\nbroken, \u{1f682}'),
  { kind: 'system', at: AT, data: { attempt: 1, rssBytes: 2 ** 40, cpuPercent: 199.5 } },
  { kind: 'warning', at: AT, data: { code: 'w', message: '' } },
  { kind: 'checkpoint', at: AT, data: { attempt: 1, kind: 'final', epoch: 1, step: 2, metrics: { loss: 1e308 } } },
  { kind: 'artifact', at: AT, data: { path: 'model/model.json', bytes: 5e9, sha256: 'a'.repeat(64) } },
  evaluation(1, 1),
];

export async function eventLogContract(t: Test, createSubject: CreateSubject): Promise<void> {
  const subject = await createSubject(t);
  const { events, runs } = subject;
  const team = await subject.newTeam();

  await t.test('events come back as they were written, numbered after what was there', async (t) => {
    const { id, head } = await runIn(subject, 'running', newRun(team));
    const written = await events.append({ runId: id, attempt: 1 }, ONE_OF_EACH);
    t.strictSame(written, ONE_OF_EACH.map((event, index) => ({ seq: head + index + 1, ...event })), 'it answers them numbered');
    t.strictSame((await events.read(id, { after: head, limit: 100 })).items, written, 'and they read the same');
    t.equal((await runs.find(team, id))?.head, head + ONE_OF_EACH.length, 'the head is the last number');
    t.strictSame(await events.append({ runId: id, attempt: 1 }, []), [], 'nothing appended is nothing written');
    t.equal((await runs.find(team, id))?.head, head + ONE_OF_EACH.length, 'and the head stays');
  });

  await t.test('an instant is the same in every time zone', async (t) => {
    const { id, head } = await runIn(subject, 'running', newRun(team));
    await events.append({ runId: id, attempt: 1 }, ['2026-07-01T00:30:00.001+02:00', '2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'].map((at) => ({ ...line(''), at }) as NewEvent));
    const { items } = await events.read(id, { after: head, limit: 10 });
    t.strictSame(items.map(({ at }) => at), ['2026-06-30T22:30:00.001Z', '2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'], 'all are read in UTC');
    const run = await runs.find(team, id);
    t.ok(Math.abs(Date.parse(run?.startedAt ?? '') - Date.now()) < 60_000, 'the run started now');
    t.strictSame((await events.read(id, { after: 0, limit: 3 })).items.map(({ at }) => at), run?.transitions.map(({ at }) => at), 'log and transitions agree');
  });

  await t.test('a batch moves the progress of its run', async (t) => {
    const { id } = await runIn(subject, 'running', newRun(team));
    const metrics = (epoch: number, steps: number[], examplesPerSecond: number): NewEvent => ({ kind: 'metrics', at: AT, data: { attempt: 1, epoch, steps, series: {}, examplesPerSecond } });
    const epoch = (number: number, best: boolean): NewEvent => ({ kind: 'epoch', at: AT, data: { attempt: 1, epoch: number, step: number * 10, metrics: { loss: number, [`only_${number}`]: 'NaN' }, examplesPerSecond: 1, durationMs: 1, best } });
    await events.append({ runId: id, attempt: 1 }, [metrics(1, [1, 2], 100), epoch(1, true), metrics(2, [3, 4, 5], 0.5), epoch(2, false), line('after')]);
    t.match(await runs.find(team, id), { bestEpoch: 1, progress: { epoch: 2, epochs: 3, step: 5, examplesPerSecond: 0.5 } }, 'the last block counts, and the best epoch');
    t.strictSame((await runs.find(team, id))?.metrics, { loss: 2, only_2: 'NaN' }, 'the latest epoch replaces the one before');
    t.strictSame((await runs.find(team, id))?.bestMetrics, { loss: 1, only_1: 'NaN' }, 'those of the best one stay');
    await events.append({ runId: id, attempt: 1 }, [line('no numbers')]);
    t.match(await runs.find(team, id), { bestEpoch: 1, metrics: { loss: 2 }, progress: { epoch: 2, step: 5 } }, 'a line of log moves nothing');
    await events.append({ runId: id, attempt: 1 }, [metrics(2, [4], 7)]);
    t.match(await runs.find(team, id), { progress: { step: 5, examplesPerSecond: 7 } }, 'steps do not run backwards');
  });

  await t.test('only the attempt that holds the run writes', async (t) => {
    for (const state of RUN_STATES) {
      const { id, head, attempt } = await runIn(subject, state, newRun(team));
      const held = isHeld(state);
      for (const other of [attempt - 1, attempt + 1, ...(held ? [] : [attempt])]) {
        await t.rejects(events.append({ runId: id, attempt: other }, [line('x'), block([1], { loss: [1] })]), FencedError, `attempt ${other} of a ${state} run is fenced off`);
      }
      t.strictSame((await runs.find(team, id))?.head, head, 'and wrote nothing');
      if (held) t.match(await events.append({ runId: id, attempt }, [line('x')]), [{ seq: head + 1 }], `attempt ${attempt} of a ${state} run writes`);
    }
    await t.rejects(events.append({ runId: NOBODY, attempt: 1 }, [line('x')]), FencedError, 'a run that is gone cannot be written');
  });

  await t.test('numbers have no gaps when many write at once', async (t) => {
    const { id, head } = await runIn(subject, 'running', newRun(team));
    const sizes = Array.from({ length: 24 }, (_, index) => 1 + ((index * 7) % 5));
    const appends = sizes.map((size, writer) => events.append({ runId: id, attempt: 1 }, Array.from({ length: size }, (_, index) => line(`${writer}.${index}`))));
    const [batches, stop] = await Promise.all([Promise.all(appends), runs.change(id, { to: 'cancelling', attempt: 1 })]);
    for (const [writer, batch] of batches.entries()) {
      const first = batch[0]?.seq ?? 0;
      t.strictSame(batch.map(({ seq }) => seq), batch.map((_, index) => first + index), `batch ${writer} is in one piece`);
    }
    const { items, head: last } = await events.read(id, { after: head, limit: 1000 });
    t.strictSame(items, [...batches.flat(), ...(stop?.events ?? [])].sort((a, b) => a.seq - b.seq), 'what was answered is what is read');
    t.strictSame(items.map(({ seq }) => seq), items.map((_, index) => head + index + 1), 'without gaps');
    t.equal(last, head + items.length, 'the head counts them all');
  });

  await t.test('a batch whose fate is unknown is not written twice', async (t) => {
    const { id, head } = await runIn(subject, 'running', newRun(team));
    const fence = { runId: id, attempt: 1 };
    const retry = { after: head };
    const batch = [line('a'), block([1, 2], { loss: [1, 2] })];
    const first = await events.append(fence, batch, retry);
    t.match(first, [{ seq: head + 1 }, { seq: head + 2 }], 'it had not been written');
    t.strictSame(await events.append(fence, batch, retry), first, 'now it had');
    await runs.change(id, { to: 'cancelling', attempt: 1 });
    const longer = await events.append(fence, [...batch, line('b')], retry);
    t.strictSame(longer.map(({ seq }) => seq), [head + 1, head + 2, head + 4], 'the rest comes after what another wrote in between');
    t.strictSame((await events.read(id, { after: head, limit: 10 })).items.map(({ kind }) => kind), ['log', 'metrics', 'state', 'log'], 'the log has each once, in order');
    t.strictSame(await pointsOf(subject.metrics, id, 'batch/loss'), { steps: [1, 2], values: [1, 2] }, 'and no point is there twice');
    await runs.change(id, { to: 'cancelled', attempt: 1 });
    t.strictSame(await events.append(fence, [...batch, line('b')], retry), longer, 'what was written is answered even when the run has ended');
    await t.rejects(events.append(fence, [...batch, line('b'), line('c')], retry), FencedError, 'but nothing is added');
    await t.rejects(events.append({ runId: id, attempt: 2 }, batch, retry), FencedError, 'and no other attempt is answered');
  });

  await t.test('readings: after, limit, kinds', async (t) => {
    const { id, head } = await runIn(subject, 'running', newRun(team));
    await events.append({ runId: id, attempt: 1 }, ONE_OF_EACH);
    const end = head + ONE_OF_EACH.length;
    const read = async (after: number, limit: number, kinds?: NewEvent['kind'][]) => {
      const page = await events.read(id, { after, limit, ...(kinds ? { kinds } : {}) });
      return { seqs: page.items.map(({ seq }) => seq), head: page.head, hasMore: page.hasMore };
    };
    t.strictSame(await read(0, 2), { seqs: [1, 2], head: end, hasMore: true }, 'a page from the beginning');
    t.strictSame(await read(2, end - 2), { seqs: Array.from({ length: end - 2 }, (_, index) => index + 3), head: end, hasMore: false }, 'exactly the rest');
    t.strictSame(await read(end - 1, 1), { seqs: [end], head: end, hasMore: false }, 'the last one alone');
    t.strictSame(await read(end, 10), { seqs: [], head: end, hasMore: false }, 'at the head');
    t.strictSame(await read(end + 1000, 10), { seqs: [], head: end, hasMore: false }, 'beyond the head');
    t.strictSame(await read(0, 10, ['log', 'warning']), { seqs: [head + 3, head + 5], head: end, hasMore: false }, 'some kinds only');
    t.strictSame(await read(0, 1, ['log', 'warning']), { seqs: [head + 3], head: end, hasMore: true }, 'more of these kinds exist');
    t.strictSame(await read(head + 3, 1, ['log', 'warning']), { seqs: [head + 5], head: end, hasMore: false }, 'no more of these kinds exist');
    t.strictSame(await read(0, 10, []), { seqs: [], head: end, hasMore: false }, 'no kind at all');
    t.strictSame(await events.read(NOBODY, { after: 0, limit: 10 }), { items: [], head: 0, hasMore: false }, 'a run that is not there');
    t.strictSame(await events.heads([id, NOBODY, id]), new Map([[id, end]]), 'heads of the runs that exist');
    t.strictSame(await events.heads([]), new Map(), 'no runs, no heads');
  });

  await t.test('evaluations that a later start has made void do not stand', async (t) => {
    const { id, head } = await runIn(subject, 'running', newRun(team));
    const fence = { runId: id, attempt: 1 };
    await events.append(fence, [1, 2, 3].map((epoch) => evaluation(epoch, 1)));
    t.strictSame(await events.evaluations(id), [1, 2, 3].map((epoch) => ({ epoch, seq: head + epoch })), 'each has its number in the log');
    const again = async (attempt: number, resume?: ResumePoint) => {
      await runs.change(id, { to: 'queued' });
      await runs.change(id, { to: 'starting', resume, set: { attempt, leaseOwner: 'box', leaseExpiresAt: FAR } });
    };
    await again(2, { step: 20, epoch: 2, metrics: {} });
    t.strictSame((await events.evaluations(id)).map(({ epoch }) => epoch), [1, 2], 'after a start those up to its epoch');
    const [third] = await events.append({ runId: id, attempt: 2 }, [evaluation(3, 2)]);
    t.strictSame((await events.evaluations(id)).at(-1), { epoch: 3, seq: third?.seq }, 'and then the new ones');
    const [second] = await events.append({ runId: id, attempt: 2 }, [evaluation(2, 2)]);
    t.strictSame(await events.evaluations(id), [{ epoch: 1, seq: head + 1 }, { epoch: 2, seq: second?.seq }, { epoch: 3, seq: third?.seq }], 'one that is told again, after later ones, is that of its epoch');
    await again(3);
    t.strictSame(await events.evaluations(id), [], 'a start from nothing leaves none');
    t.strictSame(await events.evaluations(NOBODY), [], 'nor has a run that is not there');
  });

  await t.test('text that cannot be stored does not break the log', async (t) => {
    const { id, head } = await runIn(subject, 'running', newRun(team));
    const written = await events.append({ runId: id, attempt: 1 }, [
      line(UNSTORABLE),
      { kind: 'warning', at: AT, data: { code: UNSTORABLE, message: `${UNSTORABLE}\\u0000` } },
    ]);
    t.strictSame(written, [
      { seq: head + 1, ...line(STORED) },
      { seq: head + 2, kind: 'warning', at: AT, data: { code: STORED, message: `${STORED}\\u0000` } },
    ]);
    t.strictSame((await events.read(id, { after: head, limit: 10 })).items, written, 'what listeners hear is what is kept');
  });
}
