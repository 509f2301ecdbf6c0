// What a supervisor does: train the runs that have a place in its box, beat for their leases, sweep up after dead
// workers, and stand by to decide what starts where.
import { START_STATE } from '../src/artifacts/artifact-repository.js';
import type { Stores } from '../src/compose-stores.js';
import type { Log } from '../src/log.js';
import { consumeRuns } from '../src/queue/bullmq-consumer.js';
import { queueOfBox, type RunJob } from '../src/queue/queue.js';
import { repeat } from '../src/repeat.js';
import type { Settings } from '../src/scheduler/state.js';
import { kindOfDevice } from '../src/schemas/device-kind.js';
import type { Run } from '../src/schemas/run.js';
import { Attempt, type AttemptContext, type AttemptOrigin } from './attempt.js';
import type { BoxMonitor } from './box-monitor.js';
import { startDispatching } from './dispatching.js';

export interface SupervisorOptions {
  /** Unique among all supervisors that ever were; it owns leases. */
  id: string;
  /** Name of the box. */
  box: string;
  host: string;
  slots: number;
  leaseMs: number;
  scheduling: Settings;
  cancelGraceMs: number;
  /** A run that computes no step for so long is stopped; null is never. */
  idleMs: number | null;
  /** How long a trainer may be without a sign of life. */
  silenceMs: number;
  scratchDir: string;
  trainerEnv: NodeJS.ProcessEnv;
  /** Another module than the real trainer, for tests. */
  trainerModule?: string;
  monitor: BoxMonitor;
  /** Whether the box still belongs to the service. */
  isWelcome(): Promise<boolean>;
  /** It does not. */
  onExpelled(): void;
  stores: Stores;
  log: Log;
}

const STOPPED = 'its worker was stopped; queued again';
/** Handlers only start attempts. */
const STARTS_AT_ONCE = 16;
const START_LOCK_MS = 10_000;
const KEEP_PLACE_MS = 3_000;

export interface Supervisor {
  /** Takes no more jobs, hands back what runs, lets go of everything. */
  stop(): Promise<void>;
}

export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { id, slots, leaseMs, monitor, stores, log } = options;
  const { lifecycle, bus } = stores;
  const startedAt = new Date();
  const attempts = new Map<string, Attempt>();
  const finished = new Set<Promise<void>>();
  let stopping = false;

  const context: AttemptContext = {
    ...stores,
    log,
    scratchDir: options.scratchDir,
    trainerEnv: options.trainerEnv,
    ...(options.trainerModule === undefined ? {} : { trainerModule: options.trainerModule }),
    cancelGraceMs: options.cancelGraceMs,
    silenceMs: options.silenceMs,
    devices: () => monitor.devices(),
    onTrainer: () => tellMonitor(),
    onDeviceMissing: noteMissing,
  };

  /** What the scheduler knows of the devices is some seconds old, and the run is placed again within milliseconds. */
  async function noteMissing({ spec, placement }: Run): Promise<void> {
    const gpus = monitor.devices().filter(({ id, kind }) => kind === 'gpu' && placement?.devices.includes(id)).map(({ id }) => id);
    const areKnown = gpus.length > 0 && gpus.length === placement?.devices.length;
    // Of one that names its engine or backend it may be that these are not there, on a GPU in good health.
    const namesNone = (spec.engine ?? 'auto') === 'auto' && (spec.resources?.backend ?? 'auto') === 'auto';
    if (areKnown && namesNone) monitor.doubt(gpus);
    await beat();
    await bus.sendCommand({ type: 'changed' }).catch((error: unknown) => log.warn({ err: error }, 'telling the scheduler failed'));
  }

  /** The latest training state whose file is what it was, and how many are passed over; the run's own are asked while nobody holds it. */
  async function stateToResume(runId: string): Promise<Pick<AttemptOrigin, 'resume' | 'damaged'>> {
    const states = await stores.artifacts.resumeCheckpoints(runId);
    for (const [damaged, state] of states.entries()) {
      if (await stores.store.isSound(state.sha256)) return { resume: state, damaged };
      log.warn({ runId, step: state.step, sha256: state.sha256 }, 'a training state is damaged or gone; an earlier one is taken');
    }
    return { resume: undefined, damaged: states.length };
  }

  /** The hash of the state with whose weights a forked run starts; null when it is no fork, or the file is damaged or gone. */
  async function stateToStartFrom(runId: string): Promise<string | null> {
    const file = await stores.artifacts.find(runId, START_STATE);
    return file !== null && (await stores.store.isSound(file.sha256)) ? file.sha256 : null;
  }

  /** A large state takes a while to be fetched and looked at; its place is kept meanwhile. */
  async function keepingPlace<T>(runId: string, work: () => Promise<T>): Promise<T> {
    const stop = again(() => stores.placements.keep(runId, options.box), 'keeping a place', KEEP_PLACE_MS);
    return work().finally(stop);
  }

  async function handle(job: RunJob): Promise<void> {
    if (stopping) return; // Its row is still queued, and its place is given back when this box is heard of no more.
    // A free slot waits for this: what cannot be there is not asked for.
    // As long as a store that is away is waited for, the run is not taken: it stays queued.
    const { resume, damaged, startFrom } = await keepingPlace(job.runId, async () => {
      const state = job.attempt === 1 ? { resume: undefined, damaged: 0 } : await stateToResume(job.runId);
      return { ...state, startFrom: state.resume === undefined ? await stateToStartFrom(job.runId) : null };
    });
    const run = await lifecycle.claim(job, id, { resume, box: options.box });
    if (run === null) return;
    log.info({ runId: run.id, attempt: run.attempt, step: resume?.step ?? 0 }, `run taken: ${run.name}`);
    const attempt = new Attempt(run, { resume, damaged, startFrom }, context);
    // An earlier attempt may still be here, when this process was too slow to keep its lease.
    attempts.get(run.id)?.fenceOff();
    attempts.set(run.id, attempt);
    if (stopping) attempt.handBack(STOPPED);
    const done = attempt.execute().finally(() => {
      if (attempts.get(run.id) === attempt) attempts.delete(run.id);
      tellMonitor();
    });
    finished.add(done);
    void done.finally(() => {
      finished.delete(done);
      void noteMeasures(attempt);
      dispatching.freed();
    });
  }

  /** For those that follow; what is lost here is measured again. */
  async function noteMeasures({ fence, deviceIds }: Attempt): Promise<void> {
    const { rssMiB, gpuMiB } = monitor.peakOf(fence.runId, fence.attempt);
    const isOnGpu = deviceIds.some((deviceId) => kindOfDevice(deviceId) === 'gpu');
    await stores.measurements.note(fence, isOnGpu ? gpuMiB : rssMiB).catch((error: unknown) => log.warn({ err: error }, 'what a run has taken could not be noted'));
  }

  const tellMonitor = () => monitor.setRuns([...attempts].flatMap(([runId, { fence, pid, deviceIds }]) => (pid === undefined ? [] : [{ runId, attempt: fence.attempt, pid, deviceIds }])));

  let beating: Promise<void> = Promise.resolve();
  /** One after the other: a late one would bring back a worker that has gone. */
  const beat = () => (beating = beating.catch(() => undefined).then(beatOnce));

  async function beatOnce(): Promise<void> {
    await stores.clock.look();
    await fenceAndTell();
    // Only now: who has slept may hold runs that others have by now. One that stops takes no more.
    await stores.workers.beat({ id, box: options.box, host: options.host, pid: process.pid, slots, devices: stopping ? [] : monitor.devices(), startedAt });
    const alive = await stores.workers.listAlive(leaseMs);
    monitor.setSupervisors(alive.filter(({ box, host }) => box === options.box && host === options.host).map(({ pid }) => pid));
    if (!stopping && !(await options.isWelcome())) options.onExpelled();
  }

  async function fenceAndTell(): Promise<void> {
    const held = [...attempts];
    if (held.length === 0) return;
    const runs = await lifecycle.renew(id, held.map(([runId]) => runId));
    for (const [runId, attempt] of held) {
      const run = runs.get(runId);
      if (run === undefined) attempt.fenceOff();
      else if (run.state === 'cancelling') attempt.cancel();
      else if (run.state === 'pausing') attempt.pause();
      else if (run.leaving !== null) attempt.leave(run.leaving);
      else if (options.idleMs !== null && attempt.idleMs > options.idleMs) attempt.leave('idle');
    }
  }

  const again = (task: () => Promise<void>, what: string, everyMs: number) =>
    repeat(task, { everyMs, onError: (error) => log.warn({ err: error }, `${what} failed; it is tried again`) });

  const offCommand = bus.onCommand((command) => {
    if (command.type === 'cancel' || command.type === 'pause') attempts.get(command.runId)?.[command.type]();
    else if (command.type === 'leave' && attempts.size > 0) void beat().catch((error: unknown) => log.warn({ err: error }, 'heartbeat failed; it is tried again'));
  });
  await stores.clock.look();
  await lifecycle.sweepExpired();
  // A box that is known by its processor alone would be given what should go on its GPU.
  await monitor.ready;
  await beat();
  const dispatching = startDispatching({ owner: id, stores, leaseMs, settings: options.scheduling, log });
  // The queue may be away; runs are taken when it is back.
  const consumer = consumeRuns(stores.queueConnection, {
    queue: queueOfBox(options.box),
    concurrency: STARTS_AT_ONCE,
    lockDurationMs: START_LOCK_MS,
    handler: handle,
    onError: (error) => log.warn({ err: error }, 'queue'),
  });
  consumer.ready().then(
    () => log.info({ slots }, 'ready for runs'),
    () => undefined, // stopped before the queue answered
  );
  const stops = [
    again(beat, 'heartbeat', Math.max(50, Math.min(leaseMs / 3, 2_000))),
    again(() => lifecycle.sweepExpired(), 'sweep of leases', Math.max(100, leaseMs / 3)),
  ];
  return {
    async stop() {
      stopping = true;
      offCommand();
      await consumer.pause();
      const silent = Promise.allSettled([dispatching.stop(), beat()]);
      for (const attempt of attempts.values()) attempt.handBack(STOPPED);
      await Promise.allSettled([...finished]);
      for (const stop of stops) stop();
      await Promise.allSettled([silent, consumer.close(), beating.catch(() => undefined).then(() => stores.workers.remove(id))]);
    },
  };
}
