// Runs: how they come to be, what may follow what, who wins when two write at once, and how they go.
import type { Test } from 'tap';
import { isUniqueViolation } from '../../src/db/client.js';
import type { NewEvent } from '../../src/schemas/event.js';
import { RUN_STATES, type RunState } from '../../src/portable/run-states.js';
import { newRun, runIn, STORED, UNSTORABLE, type CreateSubject } from './subject.js';

/** The life of a run as it was drawn, apart from the code: a row leads to the columns marked x. */
const LIFE = `
  from \\ to   queued starting running finalizing pausing paused cancelling lost succeeded failed cancelled
  queued      .      x        .       .          .       x      .          .    .         x      x
  starting    x      .        x       .          x       .      x          x    .         x      .
  running     x      .        .       x          x       .      x          x    .         x      .
  finalizing  x      .        .       .          .       .      x          x    x         x      .
  pausing     .      .        .       x          .       x      x          .    .         x      .
  paused      x      .        .       .          .       .      .          .    .         .      x
  cancelling  .      .        .       .          .       .      .          .    x         x      x
  lost        x      .        .       .          .       x      .          .    .         x      x
  succeeded   x      .        .       .          .       .      .          .    .         .      .
  failed      x      .        .       .          .       .      .          .    .         .      .
  cancelled   x      .        .       .          .       .      .          .    .         .      .
`;

function isLegal(from: RunState, to: RunState): boolean {
  const [head = [], ...rows] = LIFE.trim().replace('from \\ to', '').split('\n').map((row) => row.trim().split(/ +/));
  const mark = rows.find(([name]) => name === from)?.[head.indexOf(to) + 1];
  if (mark !== 'x' && mark !== '.') throw new Error(`the drawing lacks ${from} to ${to}`);
  return mark === 'x';
}

export async function runContract(t: Test, createSubject: CreateSubject): Promise<void> {
  const subject = await createSubject(t);
  const { runs, events } = subject;

  await t.test('a new run is queued, and has its first transition and its first event', async (t) => {
    const team = await subject.newTeam();
    const before = Date.now();
    const { run, events: written } = await runs.create(newRun(team, { name: 'first', recipe: 'mnist-linear', spec: { priority: 3 } }));
    t.match(run, {
      name: 'first', recipe: 'mnist-linear', tags: ['contract'], priority: 3, state: 'queued', reason: null, message: null, attempt: 0, retries: 0, gradientAccumulationSteps: 1,
      engine: null, backend: null, device: null, metrics: {}, bestEpoch: null, bestMetrics: null, head: 1, startedAt: null, endedAt: null,
    });
    t.strictSame(run.progress, { epoch: 0, epochs: 3, step: 0, totalSteps: newRun(team).plan.totalSteps, examplesPerSecond: null }, 'nothing is done yet');
    t.strictSame(run.spec, newRun(team, { spec: { priority: 3 } }).spec, 'the spec comes back as it was given');
    t.strictSame(run.transitions, [{ state: 'queued', reason: null, message: null, attempt: 0, at: run.createdAt }], 'its life begins with being queued');
    t.ok(Math.abs(Date.parse(run.createdAt) - before) < 60_000, 'it was created now');
    t.strictSame(written, [{ seq: 1, kind: 'state', at: run.createdAt, data: { state: 'queued', attempt: 0 } }], 'its log begins with that, too');
    t.strictSame(await events.read(run.id, { after: 0, limit: 10 }), { items: written, head: 1, hasMore: false }, 'and reads the same');
    t.strictSame(await runs.find(team, run.id), run, 'it is found as it was made');
    t.strictSame(await runs.findPlan(run.id), newRun(team).plan, 'and so is its plan');
  });

  await t.test('a team sees its own runs only', async (t) => {
    const [mine, theirs] = [await subject.newTeam(), await subject.newTeam()];
    const { id } = await runIn(subject, 'failed', newRun(mine));
    t.equal(await runs.find(theirs, id), null, 'it is not found');
    t.strictSame(await runs.list(theirs, { filter: {}, order: 'newest', limit: 10 }), [], 'nor listed');
    t.equal(await runs.delete(theirs, id), false, 'nor deleted');
    t.ok(await runs.find(mine, id), 'it is still there');
  });

  await t.test('what was handed out is a copy', async (t) => {
    const team = await subject.newTeam();
    const { run } = await runs.create(newRun(team));
    run.tags.push('scribbled');
    run.transitions.length = 0;
    t.match(await runs.find(team, run.id), { tags: ['contract'], transitions: { length: 1 } }, 'what was done to it changed nothing here');
  });

  for (const from of RUN_STATES) {
    await t.test(`from ${from}`, async (t) => {
      const team = await subject.newTeam();
      const still = await runIn(subject, from, newRun(team));
      for (const to of RUN_STATES.filter((state) => !isLegal(from, state))) {
        t.equal(await runs.change(still.id, { to, reason: 'internal', message: 'never', set: { attempt: 9 } }), null, `nothing leads to ${to}`);
      }
      t.strictSame(await runs.find(team, still.id), still, 'what was refused left no trace');

      for (const to of RUN_STATES.filter((state) => isLegal(from, state))) {
        const run = await runIn(subject, from, newRun(team));
        const changed = await runs.change(run.id, { to, reason: 'timeout', message: 'because' });
        t.match(changed?.run, { state: to, reason: 'timeout', message: 'because', attempt: run.attempt, head: run.head + 1 }, `${to} may follow`);
        const ended = ['succeeded', 'failed', 'cancelled'].includes(to);
        t.equal(changed?.run.endedAt !== null, ended, ended ? 'that is its end' : 'that is not its end');
        const last = changed?.run.transitions.at(-1);
        t.match(last, { state: to, reason: 'timeout', message: 'because', attempt: run.attempt }, 'the transition says it');
        t.strictSame(changed?.run.transitions.slice(0, -1), run.transitions, 'earlier transitions stay');
        t.strictSame(changed?.events, [{ seq: run.head + 1, kind: 'state', at: last?.at, data: { state: to, attempt: run.attempt, reason: 'timeout', message: 'because', step: changed?.run.progress.step } }], 'the event says it');
        t.strictSame(await runs.find(team, run.id), changed?.run, 'it is found as it was answered');
      }
    });
  }

  await t.test('a change is made only from the states and the attempt that it names', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'running', newRun(team));
    t.equal(await runs.change(id, { to: 'failed', attempt: 0 }), null, 'an older attempt');
    t.equal(await runs.change(id, { to: 'failed', attempt: 2 }), null, 'an attempt to come');
    t.equal(await runs.change(id, { to: 'failed', from: ['starting', 'lost'] }), null, 'other states');
    t.equal(await runs.change(id, { to: 'succeeded', from: ['running'] }), null, 'naming a state does not make a step legal');
    t.equal(await runs.change(id, { to: 'failed', from: [] }), null, 'from nowhere');
    t.equal(await runs.change('01890000-0000-7000-8000-ffffffffffff', { to: 'failed' }), null, 'a run that is not there');
    t.match(await runs.change(id, { to: 'failed', from: ['starting', 'running'], attempt: 1 }), { run: { state: 'failed', reason: null, message: null } }, 'from one of its states, in its attempt');
  });

  await t.test('each start begins the numbers anew, and its fence', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'running', newRun(team));
    await events.append({ runId: id, attempt: 1 }, [
      { kind: 'metrics', at: new Date().toISOString(), data: { attempt: 1, epoch: 2, steps: [7], series: { loss: [1] }, examplesPerSecond: 10 } },
      { kind: 'epoch', at: new Date().toISOString(), data: { attempt: 1, epoch: 2, step: 7, metrics: { loss: 1 }, examplesPerSecond: 10, durationMs: 5, best: true } },
    ]);
    t.match(await runs.find(team, id), { bestEpoch: 2, metrics: { loss: 1 }, progress: { epoch: 2, step: 7, examplesPerSecond: 10 } }, 'the first attempt has numbers');
    await runs.change(id, { to: 'queued', attempt: 1 });
    const again = await runs.change(id, { to: 'starting', attempt: 1, set: { attempt: 2, leaseOwner: 'box', leaseExpiresAt: new Date() } });
    t.match(again?.run, { attempt: 2, bestEpoch: null, bestMetrics: null, metrics: {}, progress: { epoch: 0, epochs: 3, step: 0, examplesPerSecond: null } }, 'the second has none');
    t.equal(again?.run.startedAt, again?.run.transitions.at(-1)?.at, 'it started when it said so');
    t.match(again?.events, [{ data: { state: 'starting', attempt: 2 } }], 'the event speaks of the new attempt');
    t.equal(await runs.change(id, { to: 'running', attempt: 1 }), null, 'the old attempt has lost the run');
  });

  await t.test('a retry is counted, and made only while there were fewer', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'running', newRun(team));
    t.match(await runs.change(id, { to: 'queued', retriesBelow: 1 }), { run: { state: 'queued', retries: 1 } }, 'the first');
    await runs.change(id, { to: 'starting', set: { attempt: 2 } });
    t.equal(await runs.change(id, { to: 'queued', retriesBelow: 1 }), null, 'the second is one too many');
    t.match(await runs.change(id, { to: 'queued' }), { run: { retries: 1 } }, 'what is no retry is not counted');
  });

  await t.test('a run that has ended is taken up again, and may become longer', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'succeeded', newRun(team));
    const { spec, plan } = newRun(team, { spec: { fit: { batchSize: 128, epochs: 7 } } });
    const changed = await runs.change(id, { to: 'queued', from: ['succeeded'], attempt: 1, reason: 'user_extend', extension: { spec, plan, after: 3 }, set: { retries: 0 } });
    t.match(changed?.run, { state: 'queued', endedAt: null, extendedAfter: 3, retries: 0, spec: { fit: { epochs: 7 } }, progress: { epochs: 7, totalSteps: plan.totalSteps } });
    t.strictSame(await runs.find(team, id), changed?.run, 'it is found as it was answered');
    t.equal((await runs.findPlan(id))?.totalSteps, plan.totalSteps, 'with its plan');
  });

  await t.test('a fork takes over a file of another run, unless that is gone', async (t) => {
    const team = await subject.newTeam();
    const parent = await runIn(subject, 'running', newRun(team));
    const file = { path: 'state', sha256: 'a'.repeat(64), bytes: 12, contentType: 'x/y' };
    await subject.artifacts.addCheckpoint({ runId: parent.id, attempt: 1 }, { kind: 'resume', epoch: 1, step: 9, metrics: {}, path: 'state', files: [file] });
    const fork = { runId: parent.id, step: 9, path: 'state' };
    const { run } = await runs.create(newRun(team, { fork }));
    t.strictSame(run.forkedFrom, { runId: parent.id, step: 9 });
    t.match(await subject.artifacts.list(run.id), [{ ...file, path: 'start/state.safetensors' }]);
    t.strictSame(await subject.artifacts.resumeCheckpoints(run.id), [], 'it is no state of its own');
    await subject.artifacts.removeCheckpoints(parent.id, ['state']);
    t.strictSame(await subject.artifacts.unreferenced([file.sha256]), [], 'the bytes are still of use');
    await t.rejects(runs.create(newRun(team, { fork, name: 'late' })), { name: 'ForkGoneError' });
    t.match(await runs.list(team, { filter: { name: 'late' }, order: 'newest', limit: 9 }), { length: 0 }, 'and no run is left behind');
  });

  await t.test('in how many parts batches are computed outlasts attempts', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'running', newRun(team));
    const queued = await runs.change(id, { to: 'queued', set: { gradientAccumulationSteps: 2 } });
    t.match(queued, { run: { state: 'queued', gradientAccumulationSteps: 2, retries: 0 } }, 'it comes with a change, and is no retry of a lost process');
    t.match(await runs.change(id, { to: 'starting', set: { attempt: 2 } }), { run: { gradientAccumulationSteps: 2 } }, 'the next attempt reads it');
    t.match(await runs.find(team, id), { gradientAccumulationSteps: 2 });
  });

  await t.test('the last numbers come with the end, whatever they are', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'finalizing', newRun(team));
    const changed = await runs.change(id, { to: 'succeeded', set: { bestEpoch: 3, metrics: { loss: NaN, up: Infinity, down: -Infinity, accuracy: 0.5, tiny: 5e-324, huge: 1e308 } } });
    t.strictSame(changed?.run.metrics, { loss: 'NaN', up: 'Infinity', down: '-Infinity', accuracy: 0.5, tiny: 5e-324, huge: 1e308 }, 'doubles come as they are, others as strings');
    t.match(changed?.run, { bestEpoch: 3, bestMetrics: null }, 'with the best epoch, of which nothing was told');
  });

  await t.test('the best epoch stays the best where one goes on after it, and its numbers with it', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'running', newRun(team));
    const epoch = (attempt: number, number: number, best: boolean): NewEvent => ({ kind: 'epoch', at: new Date().toISOString(), data: { attempt, epoch: number, step: number * 10, metrics: { val_loss: number / 4 }, examplesPerSecond: 1, durationMs: 1, best } });
    await events.append({ runId: id, attempt: 1 }, [epoch(1, 1, true), epoch(1, 2, false)]);
    const goOn = async (attempt: number, from: number) => {
      await runs.change(id, { to: 'queued' });
      const changed = await runs.change(id, { to: 'starting', set: { attempt }, resume: { step: from * 10, epoch: from, metrics: {} } });
      return changed?.run;
    };
    t.match(await goOn(2, 2), { bestEpoch: 1, bestMetrics: { val_loss: 0.25 }, metrics: {} });
    await events.append({ runId: id, attempt: 2 }, [epoch(2, 3, true)]);
    t.match(await runs.find(team, id), { bestEpoch: 3, bestMetrics: { val_loss: 0.75 } });
    t.match(await goOn(3, 2), { bestEpoch: null, bestMetrics: null }, 'one that is trained again is not');
    await events.append({ runId: id, attempt: 3 }, [epoch(3, 3, true)]);
    for (const to of ['running', 'finalizing'] as const) await runs.change(id, { to });
    t.match(await runs.change(id, { to: 'succeeded', set: { bestEpoch: 3 } }), { run: { bestEpoch: 3, bestMetrics: { val_loss: 0.75 } } }, 'the end says the same again');
  });

  await t.test('of many that claim a run at once, one gets it', async (t) => {
    const team = await subject.newTeam();
    const { run } = await runs.create(newRun(team));
    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, index) => runs.change(run.id, { to: 'starting', from: ['queued'], attempt: 0, set: { attempt: 1, leaseOwner: `box ${index}`, leaseExpiresAt: new Date() } })),
    );
    t.equal(claims.filter((claim) => claim !== null).length, 1, 'one claim of twelve holds');
    t.match(await runs.find(team, run.id), { attempt: 1, head: 2, transitions: { length: 2 } }, 'the others left no trace');
  });

  await t.test('the device is told by the attempt that holds the run', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'starting', newRun(team));
    await runs.setDevice({ runId: id, attempt: 2 }, { engine: 'no', backend: 'no', device: 'no' });
    t.match(await runs.find(team, id), { engine: null, backend: null, device: null }, 'another attempt says nothing');
    await runs.setDevice({ runId: id, attempt: 1 }, { engine: 'eager', backend: 'cpu', device: UNSTORABLE });
    t.match(await runs.find(team, id), { engine: 'eager', backend: 'cpu', device: STORED }, 'the one that holds it does');
  });

  await t.test('last words with characters that cannot be stored do not keep a run from ending', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'running', newRun(team));
    const changed = await runs.change(id, { to: 'failed', attempt: 1, reason: 'trainer_lost', message: UNSTORABLE });
    t.match(changed, { run: { message: STORED }, events: [{ data: { message: STORED } }] }, 'it ends, and says so as far as can be');
    t.match(await runs.find(team, id), { state: 'failed', message: STORED, transitions: [{}, {}, {}, { message: STORED }] }, 'its row and its transition hold the words');
    t.match((await events.read(id, { after: 3, limit: 10 })).items, [{ data: { message: STORED } }], 'and so does its log');
  });

  await t.test('an idempotency key belongs to one run of one team for a day', async (t) => {
    const [team, other] = [await subject.newTeam(), await subject.newTeam()];
    const idempotency = { key: 'once', fingerprint: 'f'.repeat(64) };
    t.equal(await runs.findIdempotent(team, 'once'), null, 'a key is new at first');
    const { run } = await runs.create(newRun(team, { idempotency }));
    t.strictSame(await runs.findIdempotent(team, 'once'), { runId: run.id, fingerprint: 'f'.repeat(64) }, 'then it leads to its run');
    t.equal(await runs.findIdempotent(other, 'once'), null, 'not of another team');
    await runs.create(newRun(other, { idempotency }));
    const error: unknown = await runs.create(newRun(team, { name: 'second', idempotency })).catch((thrown: unknown) => thrown);
    t.ok(isUniqueViolation(error), 'a second run with the key is a unique violation');
    t.match(await runs.list(team, { filter: {}, order: 'oldest', limit: 10 }), { length: 1 }, 'and leaves no run behind');

    await subject.ageIdempotencyKeys(23 * 3600_000);
    t.ok(await runs.findIdempotent(team, 'once'), 'it is known for a day');
    await subject.ageIdempotencyKeys(2 * 3600_000);
    t.equal(await runs.findIdempotent(team, 'once'), null, 'and then forgotten');
    const later = await runs.create(newRun(team, { idempotency }));
    t.match(await runs.findIdempotent(team, 'once'), { runId: later.run.id }, 'so that it may be used again');
  });

  await t.test('so does the key of an extension, which is made once', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'succeeded', newRun(team));
    const { spec, plan } = newRun(team, { spec: { fit: { batchSize: 128, epochs: 7 } } });
    const idempotency = { teamId: team, key: 'longer', fingerprint: 'e'.repeat(64) };
    const extend = () => runs.change(id, { to: 'queued', from: ['succeeded'], attempt: 1, extension: { spec, plan, after: 3, idempotency } });
    t.match(await extend(), { run: { state: 'queued' } });
    t.strictSame(await runs.findIdempotent(team, 'longer'), { runId: id, fingerprint: 'e'.repeat(64) });
    t.equal(await extend(), null, 'a run that is no longer there to extend hears nothing of it');
    const other = await runIn(subject, 'succeeded', newRun(team));
    const error: unknown = await runs.change(other.id, { to: 'queued', from: ['succeeded'], attempt: 1, extension: { spec, plan, after: 3, idempotency } }).catch((thrown: unknown) => thrown);
    t.ok(isUniqueViolation(error), 'another is refused');
    t.match(await runs.find(team, other.id), { state: 'succeeded', extendedAfter: null }, 'and stays as it was');
  });

  await t.test('people name and tag their runs, in any state', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'succeeded', newRun(team, { name: 'before' }));
    const tagged = await runs.annotate(team, id, { tags: ['keep', UNSTORABLE] });
    t.match(tagged, { id, name: 'before', tags: ['keep', STORED] }, 'what is left out stays');
    t.strictSame(await runs.find(team, id), tagged, 'it is found as it was answered');
    t.match(await runs.list(team, { filter: { tag: 'keep' }, order: 'newest', limit: 9 }), [{ id }], 'and by its tag');
    t.match(await runs.annotate(team, id, { name: 'after' }), { name: 'after', tags: ['keep', STORED] });
    t.match(await runs.annotate(team, id, {}), { name: 'after', tags: ['keep', STORED] }, 'nothing is nothing');
    t.match(await runs.annotate(team, id, { tags: [] }), { tags: [] });
    t.equal(await runs.annotate(await subject.newTeam(), id, { name: 'theirs' }), null, 'another team has no such run');
  });

  await t.test('of two runs that are made at once with one key, one stays', async (t) => {
    const team = await subject.newTeam();
    const idempotency = { key: 'pair', fingerprint: '0'.repeat(64) };
    const settled = await Promise.allSettled([runs.create(newRun(team, { idempotency })), runs.create(newRun(team, { idempotency }))]);
    const made = settled.filter((one) => one.status === 'fulfilled');
    const refused = settled.filter((one) => one.status === 'rejected');
    t.equal(made.length, 1, 'one is made');
    t.ok(isUniqueViolation(refused[0]?.reason), 'the other hears of a unique violation');
    const listed = await runs.list(team, { filter: {}, order: 'newest', limit: 10 });
    t.strictSame(listed.map(({ id }) => id), [made[0]?.value.run.id], 'only that one is listed');
    t.match(await runs.findIdempotent(team, 'pair'), { runId: listed[0]?.id }, 'the key leads to it');
  });

  await t.test('only an ended run is deleted, with its events and its key', async (t) => {
    const team = await subject.newTeam();
    for (const state of RUN_STATES) {
      const { id } = await runIn(subject, state, newRun(team, { idempotency: { key: state, fingerprint: 'a'.repeat(64) } }));
      const ended = ['succeeded', 'failed', 'cancelled'].includes(state);
      t.equal(await runs.delete(team, id), ended, ended ? `a ${state} run goes` : `a ${state} run stays`);
      t.equal((await runs.find(team, id)) === null, ended, 'it is found as long as it is there');
      t.equal((await events.read(id, { after: 0, limit: 100 })).items.length === 0, ended, 'and so are its events');
      t.equal((await runs.findIdempotent(team, state)) === null, ended, 'and its key');
      if (ended) t.equal(await runs.delete(team, id), false, 'and cannot go twice');
    }
  });
}
