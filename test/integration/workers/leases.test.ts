// Supervisors that stop or die: their runs are handed back or found, and an old attempt can write nothing.
import { pino } from 'pino';
import t from 'tap';
import { childEnv } from '../../../src/config.js';
import { startSupervisorProcess } from '../../../src/embedded/supervisor-process.js';
import { FencedError } from '../../../src/live/event-log.js';
import { decayedUsage, usedToday } from '../../../src/ledger/usage.js';
import { createLifecycle } from '../../../src/runs/lifecycle.js';
import { until } from '../../helpers/poll.js';
import { box, type Box } from './harness.js';

t.test('a supervisor that is stopped hands its run back, and another finishes it', async (t) => {
  const { submit, supervise, reaches, ends, story } = await box(t);
  const first = await supervise('waits');
  const { id } = await submit();
  await reaches(id, ['running']);
  await first.stop();
  const waiting = await reaches(id, ['queued']);
  t.match(waiting, { reason: 'preempted', attempt: 1 });
  await supervise('succeeds');
  const run = await ends(id);
  t.match(run, { state: 'succeeded', attempt: 2 });
  t.ok((await story(id)).includes('state:queued'));
});

t.test('a run whose supervisor has died is lost, then queued again, then finished by another', async (t) => {
  const { submit, supervise, ends, stores, story } = await box(t, { leaseMs: 300 });
  const { id } = await submit();
  const claimed = await stores.lifecycle.claim({ runId: id, attempt: 1 }, 'a supervisor that will not be heard of again');
  t.equal(claimed?.state, 'starting');
  await supervise('succeeds');
  const run = await ends(id);
  t.match(run, { state: 'succeeded', attempt: 2 });
  const states = (await story(id)).filter((entry) => entry.startsWith('state'));
  t.same(states.slice(0, 5), ['state:queued', 'state:starting', 'state:lost', 'state:queued', 'state:starting']);
});

t.test('a run that loses its worker again and again is given up', async (t) => {
  const { submit, ends, stores, runs, teamId } = await box(t, { leaseMs: 1, maxAttempts: 2 });
  const { id } = await submit();
  for (const attempt of [1, 2]) {
    t.ok(await stores.lifecycle.claim({ runId: id, attempt }, 'gone'), `attempt ${attempt} is claimed`);
    const sweptUp = async () => {
      await stores.lifecycle.sweepExpired();
      return (await runs.get(teamId, id)).state !== 'starting';
    };
    await until(sweptUp, { what: 'the lease of a millisecond to run out' });
  }
  t.match(await ends(id), { state: 'failed', reason: 'worker_lost', attempt: 2 });
});

t.test('a supervisor whose box is removed ends, and is not started again', async (t) => {
  const { stores, config, url } = await box(t);
  const lines: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) });
  await stores.boxes.create({ name: 'another', tokenHash: 'a'.repeat(64) }); // which the box of the service itself needs not
  const begin = () => startSupervisorProcess({ env: { ...process.env, ...childEnv(config, { databaseUrl: url }), TRAINYARD_BOX: 'mine', TRAINYARD_LOG_LEVEL: 'silent' }, shutdownMs: 5_000, log });
  const first = begin();
  t.teardown(() => first.stop());
  await until(async () => (await stores.workers.listAlive(60_000)).length === 1, { what: 'it to be heard of', deadlineMs: 60_000 });
  t.ok(await stores.boxes.remove('mine'));
  await until(() => lines.length > 0, { what: 'it to end', deadlineMs: 20_000 });
  const second = begin();
  t.teardown(() => second.stop());
  await until(() => lines.length > 1, { what: 'another to be refused', deadlineMs: 20_000 });
  for (const line of lines) t.match(line, /does not belong to the service.*not started again/);
  t.equal(lines.length, 2, 'told once each');
});

t.test('a cancelling run whose supervisor has died is cancelled', async (t) => {
  const { submit, ends, stores, runs, teamId } = await box(t, { leaseMs: 1 });
  const { id } = await submit();
  await stores.lifecycle.claim({ runId: id, attempt: 1 }, 'gone');
  await runs.cancel(teamId, id);
  await until(
    async () => {
      await stores.lifecycle.sweepExpired();
      return (await runs.get(teamId, id)).state === 'cancelled';
    },
    { what: 'the lease of a millisecond to run out' },
  );
  t.match(await ends(id), { state: 'cancelled', reason: 'user_cancel' });
});

t.test('a cancelling run that is handed back is cancelled', async (t) => {
  const { submit, stores, runs, teamId } = await box(t);
  const { id } = await submit();
  await stores.lifecycle.claim({ runId: id, attempt: 1 }, 'me');
  await runs.cancel(teamId, id);
  t.match(await stores.lifecycle.handBack({ runId: id, attempt: 1 }, 'for the test'), { state: 'cancelled', reason: 'user_cancel' });
  t.same(await stores.lifecycle.handBack({ runId: id, attempt: 1 }, 'for the test'), null, 'once');
});

t.test('an attempt that was replaced can neither write nor end the run', async (t) => {
  const { submit, stores } = await box(t);
  const { id } = await submit();
  const { lifecycle, events } = stores;
  const old = (await lifecycle.claim({ runId: id, attempt: 1 }, 'old'))!;
  t.notOk(await lifecycle.claim({ runId: id, attempt: 1 }, 'twin'), 'one attempt is claimed once');
  t.ok(await lifecycle.handBack({ runId: id, attempt: 1 }, 'for the test'));
  t.ok(await lifecycle.claim({ runId: id, attempt: 2 }, 'new'));
  const late = { kind: 'log', at: new Date().toISOString(), data: { level: 'info', message: 'late' } } as const;
  await t.rejects(events.append({ runId: id, attempt: 1 }, [late]), FencedError);
  t.notOk(await lifecycle.end({ runId: id, attempt: 1 }, { state: 'succeeded', reason: null, message: 'late' }));
  t.notOk(await lifecycle.fail(old, { state: 'failed', reason: 'internal', message: 'late' }));
  t.notOk(await lifecycle.fail(old, { state: 'failed', reason: 'trainer_lost', message: 'late' }), 'whatever the cause');
  t.same((await events.append({ runId: id, attempt: 2 }, [late])).length, 1, 'the new one writes');
});

t.test('an attempt whose run waits for the next one can no longer end it', async (t) => {
  const { submit, stores, runs, teamId } = await box(t, { leaseMs: 1 });
  const run = await submit();
  const { id } = run;
  const { lifecycle } = stores;
  const old = { runId: id, attempt: 1 };
  await lifecycle.claim(old, 'slow');
  const isQueuedAgain = async () => {
    await lifecycle.sweepExpired();
    return (await runs.get(teamId, id)).state === 'queued';
  };
  await until(isQueuedAgain, { what: 'the lease of a millisecond to run out' });
  for (const reason of ['trainer_lost', 'internal'] as const) t.notOk(await lifecycle.fail({ ...run, attempt: 1 }, { state: 'failed', reason, message: 'late' }), `that has failed: ${reason}`);
  t.notOk(await lifecycle.handBack(old, 'its worker was stopped'), 'whose worker stops');
  for (const state of ['paused', 'cancelled', 'succeeded'] as const) t.notOk(await lifecycle.end(old, { state, reason: null, message: 'late' }), `that is ${state}`);
  t.match(await runs.get(teamId, id), { state: 'queued', retries: 1 });
  t.ok(await lifecycle.claim({ runId: id, attempt: 2 }, 'next'));
});

t.test('a checkpoint is indexed once however often it is tried, and only by the attempt that holds the run', async (t) => {
  const { submit, stores } = await box(t);
  const { id } = await submit();
  await stores.lifecycle.claim({ runId: id, attempt: 1 }, 'me');
  const file = { path: 'model/model.json', sha256: 'a'.repeat(64), bytes: 1, contentType: 'application/json' };
  const checkpoint = { kind: 'final', epoch: 1, step: 1, metrics: { loss: NaN }, path: 'model', files: [file] } as const;
  await stores.artifacts.addCheckpoint({ runId: id, attempt: 1 }, checkpoint);
  await stores.artifacts.addCheckpoint({ runId: id, attempt: 1 }, checkpoint);
  t.equal(await stores.database.checkpoint.count({ where: { runId: id } }), 1);
  await stores.lifecycle.handBack({ runId: id, attempt: 1 }, 'for the test');
  await stores.lifecycle.claim({ runId: id, attempt: 2 }, 'another');
  const late = { ...checkpoint, files: [{ ...file, sha256: 'b'.repeat(64) }] };
  await t.rejects(stores.artifacts.addCheckpoint({ runId: id, attempt: 1 }, late), FencedError);
  t.equal((await stores.artifacts.find(id, file.path))?.sha256, file.sha256, 'the index is untouched');
});

t.test('numbers stay without a gap when many write at once', async (t) => {
  const { submit, stores } = await box(t);
  const { id } = await submit();
  await stores.lifecycle.claim({ runId: id, attempt: 1 }, 'me');
  const event = (n: number) => ({ kind: 'log', at: new Date().toISOString(), data: { level: 'info', message: String(n) } }) as const;
  await Promise.all(Array.from({ length: 20 }, (_, n) => stores.events.append({ runId: id, attempt: 1 }, [event(n), event(n)])));
  const { items, head } = await stores.events.read(id, { after: 0, limit: 1_000 });
  t.equal(head, 42, 'two states and forty lines');
  t.same(items.map((item) => item.seq), Array.from({ length: 42 }, (_, n) => n + 1));
});

t.test('a lease that was renewed in the last moment is not swept', async (t) => {
  const { submit, stores, runs, teamId } = await box(t, { leaseMs: 60_000 });
  const { id } = await submit();
  const early = { ...stores, leaseMs: -1, maxAttempts: 3, onError: (error: unknown) => t.fail(String(error)) };
  await createLifecycle(early).claim({ runId: id, attempt: 1 }, 'slow');
  const findExpired: typeof stores.runs.findExpired = async (now) => {
    const found = await stores.runs.findExpired(now);
    t.equal(found.length, 1, 'its lease has run out');
    await stores.lifecycle.renew('slow', [id]);
    return found;
  };
  await createLifecycle({ ...early, runs: { ...stores.runs, findExpired } }).sweepExpired();
  t.equal((await runs.get(teamId, id)).state, 'starting');
});

t.test('leases that ran out while the database was away are judged when their holders have had time to renew them', async (t) => {
  const { submit, stores, runs, teamId } = await box(t, { leaseMs: 60_000 });
  const { id } = await submit();
  let now = Date.now();
  let isAway = false;
  const findExpired: typeof stores.runs.findExpired = (before) => (isAway ? Promise.reject(new Error('away')) : stores.runs.findExpired(before));
  const lifecycle = createLifecycle({ ...stores, runs: { ...stores.runs, findExpired }, now: () => now, leaseMs: 6_000, maxAttempts: 3, onError: (error) => t.fail(String(error)) });
  await lifecycle.claim({ runId: id, attempt: 1 }, 'me');
  const stateAfter = async (ms: number) => {
    now += ms;
    await lifecycle.sweepExpired();
    return (await runs.get(teamId, id)).state;
  };
  await stateAfter(0);
  isAway = true;
  await t.rejects(stateAfter(4_000), { message: 'away' });
  isAway = false;
  t.equal(await stateAfter(3_000), 'starting', 'just back');
  await lifecycle.renew('me', [id]);
  t.equal(await stateAfter(4_000), 'starting', 'renewed');
  t.equal(await stateAfter(3_000), 'queued', 'not renewed again');
});

t.test('nor are they judged right after a database has hung', async (t) => {
  const { submit, stores, runs, teamId } = await box(t, { leaseMs: 60_000 });
  const { id } = await submit();
  let now = Date.now();
  let hangsMs = 0;
  const findExpired: typeof stores.runs.findExpired = (before) => {
    now += hangsMs;
    return stores.runs.findExpired(before);
  };
  const lifecycle = createLifecycle({ ...stores, runs: { ...stores.runs, findExpired }, now: () => now, leaseMs: 6_000, maxAttempts: 3, onError: (error) => t.fail(String(error)) });
  await lifecycle.claim({ runId: id, attempt: 1 }, 'me');
  const stateAfter = async (ms: number) => {
    now += ms;
    await lifecycle.sweepExpired();
    return (await runs.get(teamId, id)).state;
  };
  hangsMs = 5_500;
  t.equal(await stateAfter(1_000), 'starting', 'its answer is of the time before');
  hangsMs = 0;
  t.equal(await stateAfter(1_000), 'starting', 'the holder was kept waiting as well');
  t.equal(await stateAfter(2_500), 'queued', 'but not for ever');
});

/** As a supervisor holds it; answers its attempt's fence. */
async function hold({ stores }: Pick<Box, 'stores'>, id: string, attempt = 1) {
  await stores.database.run.update({ where: { id }, data: { box: 'box', placedAt: new Date(), deviceIds: ['cpu'], memoryMiB: 1, share: 1 } });
  await stores.lifecycle.claim({ runId: id, attempt }, 'a box', { box: 'box' });
  await stores.lifecycle.advance({ runId: id, attempt }, 'running');
  return { runId: id, attempt };
}

t.test('a use of devices tells what was kept of it, and when its last step was done', async (t) => {
  const place = await box(t);
  const { stores, runs, teamId, submit } = place;
  const run = await submit();
  const { id } = run;
  const useOf = (attempt: number) => stores.database.deviceUse.findUnique({ where: { runId_attempt: { runId: id, attempt } } });
  const first = await hold(place, id);
  const stepsAt = (at: Date, steps: number[]) => ({ kind: 'metrics', at: at.toISOString(), data: { attempt: 1, epoch: 1, steps, series: { loss: steps.map(() => 1) }, examplesPerSecond: 1 } }) as const;
  const progressedAt = new Date(Date.now() + 1_000);
  await stores.events.append(first, [stepsAt(new Date(), [1, 2]), stepsAt(progressedAt, [3, 4])]);
  await stores.lifecycle.fail({ ...run, attempt: 1 }, { state: 'failed', reason: 'internal', message: 'for the test' });
  t.match(await useOf(1), { endedAs: 'failed', lastStep: 4, keptStep: 0, progressedAt }, 'nothing');
  await runs.resume(teamId, id);
  const second = await hold(place, id, 2);
  await stores.events.append(second, [stepsAt(progressedAt, [1, 2, 3, 4, 5])]);
  await stores.artifacts.addCheckpoint(second, { kind: 'resume', epoch: 0, step: 3, metrics: {}, path: 'checkpoints/3', files: [{ path: 'checkpoints/3', sha256: 'a'.repeat(64), bytes: 1, contentType: 'x' }] });
  await stores.lifecycle.fail({ ...run, attempt: 2 }, { state: 'failed', reason: 'trainer_lost', message: 'for the test' });
  t.match(await useOf(2), { endedAs: 'queued', lastStep: 5, keptStep: 3 }, 'a training state');
  await hold(place, id, 3);
  await stores.lifecycle.handBack({ runId: id, attempt: 3 }, 'for the test');
  t.match(await useOf(3), { keptStep: 3, progressedAt: null }, 'no step was done');
  t.match(await useOf(1), { keptStep: 0, progressedAt }, 'what was before stays as it is');
});

t.test('a box that was off for hours has used its devices until its lease ran out', async (t) => {
  const HOUR_MS = 3600_000;
  for (const wish of ['none', 'pause', 'cancel'] as const) {
    const { submit, stores, runs, teamId } = await box(t, { leaseMs: 60_000 });
    const { id } = await submit();
    await hold({ stores }, id);
    if (wish !== 'none') await runs[wish](teamId, id);
    const off = new Date(Date.now() - 10 * HOUR_MS);
    await stores.database.run.update({ where: { id }, data: { leaseExpiresAt: off } });
    await stores.database.deviceUse.updateMany({ data: { startedAt: new Date(off.getTime() - 60_000) } });

    const price = { gpu: 1, cpu: 1 };
    const now = Date.now();
    const decayed = await decayedUsage(stores.database, { now, halfLifeMs: 1e6 * HOUR_MS, price });
    t.ok(Math.abs(decayed.get(teamId)!.usage - 60_000) < 10, `${wish}: a minute, as long as nobody has noticed`);
    t.equal((await usedToday(stores.database, { now: new Date(off).setUTCHours(23, 59, 59, 999), price })).get(teamId) ?? 0, Math.min(60_000, off.getTime() - new Date(off).setUTCHours(0, 0, 0, 0)), `${wish}: of its day as well`);

    let later = now;
    const lifecycle = createLifecycle({ ...stores, now: () => later, leaseMs: 6_000, maxAttempts: 3, onError: (error) => t.fail(String(error)) });
    await lifecycle.sweepExpired();
    later += 4_000;
    await lifecycle.sweepExpired();
    t.equal((await runs.get(teamId, id)).state, { none: 'queued', pause: 'paused', cancel: 'cancelled' }[wish]);
    t.strictSame((await stores.database.deviceUse.findFirst())?.endedAt, off, `${wish}: and afterwards`);
  }
});
