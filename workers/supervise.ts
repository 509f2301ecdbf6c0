// What a supervisor does: consume jobs into attempts, beat for its leases, sweep up after dead workers.
import { availableParallelism } from 'node:os';
import { START_STATE } from '../src/artifacts/artifact-repository.js';
import type { Stores } from '../src/compose-stores.js';
import type { Device } from '../src/devices/worker-repository.js';
import type { Log } from '../src/log.js';
import { consumeRuns } from '../src/queue/bullmq-consumer.js';
import type { RunJob } from '../src/queue/queue.js';
import { repeat } from '../src/repeat.js';
import { Attempt, type AttemptContext, type AttemptOrigin } from './attempt.js';

export interface SupervisorOptions {
  /** Unique among all supervisors that ever were; it owns leases. */
  id: string;
  /** Name of the box. */
  box: string;
  host: string;
  slots: number;
  leaseMs: number;
  cancelGraceMs: number;
  /** How long a trainer may be without a sign of life. */
  silenceMs: number;
  scratchDir: string;
  trainerEnv: NodeJS.ProcessEnv;
  /** Another module than the real trainer, for tests. */
  trainerModule?: string;
  probeDevices(): Promise<Device[]>;
  stores: Stores;
  log: Log;
}

const STOPPED = 'its worker was stopped; queued again';

export interface Supervisor {
  /** Takes no more jobs, hands back what runs, lets go of everything. */
  stop(): Promise<void>;
}

export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { id, slots, leaseMs, stores, log } = options;
  const { lifecycle, bus } = stores;
  const startedAt = new Date();
  const attempts = new Map<string, Attempt>();
  const finished = new Set<Promise<void>>();
  let devices: Device[] = [];
  let stopping = false;

  const context: AttemptContext = {
    ...stores,
    log,
    scratchDir: options.scratchDir,
    trainerEnv: options.trainerEnv,
    ...(options.trainerModule === undefined ? {} : { trainerModule: options.trainerModule }),
    cancelGraceMs: options.cancelGraceMs,
    silenceMs: options.silenceMs,
    ruledOut: () => devices.flatMap((device) => device.unavailable),
    // Runs side by side would otherwise each start a thread for every core, and wait for one another.
    threads: Math.max(1, Math.floor(availableParallelism() / slots)),
  };

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

  async function handle(job: RunJob): Promise<void> {
    if (stopping) return; // Its row is still queued; another supervisor's sweep, or ours after a restart, brings it back.
    // A free slot waits for this: what cannot be there is not asked for.
    const { resume, damaged } = job.attempt === 1 ? { resume: undefined, damaged: 0 } : await stateToResume(job.runId);
    // As long as a store that is away is waited for, the run is not taken: it stays queued.
    const startFrom = resume === undefined ? await stateToStartFrom(job.runId) : null;
    const run = await lifecycle.claim(job, id, resume);
    if (run === null) return;
    log.info({ runId: run.id, attempt: run.attempt, step: resume?.step ?? 0 }, `run taken: ${run.name}`);
    const attempt = new Attempt(run, { resume, damaged, startFrom }, context);
    // An earlier attempt may still be here, when this process was too slow to keep its lease.
    attempts.get(run.id)?.fenceOff();
    attempts.set(run.id, attempt);
    if (stopping) attempt.handBack(STOPPED);
    const done = attempt.execute().finally(() => {
      if (attempts.get(run.id) === attempt) attempts.delete(run.id);
    });
    finished.add(done);
    await done.finally(() => finished.delete(done));
  }

  async function beat(): Promise<void> {
    await stores.workers.beat({ id, box: options.box, host: options.host, pid: process.pid, slots, devices, startedAt });
    const held = [...attempts];
    if (held.length === 0) return;
    const states = await lifecycle.renew(id, held.map(([runId]) => runId));
    for (const [runId, attempt] of held) {
      const state = states.get(runId);
      if (state === undefined) attempt.fenceOff();
      else if (state === 'cancelling') attempt.cancel();
      else if (state === 'pausing') attempt.pause();
    }
  }

  const again = (task: () => Promise<void>, what: string, everyMs: number) =>
    repeat(task, { everyMs, onError: (error) => log.warn({ err: error }, `${what} failed; it is tried again`) });

  const offCommand = bus.onCommand((command) => {
    if (command.type !== 'revoked') attempts.get(command.runId)?.[command.type]();
  });
  await beat();
  await lifecycle.sweepExpired();
  // The queue may be away; runs are taken when it is back.
  await lifecycle.sweepQueued().catch((error: unknown) => log.warn({ err: error }, 'sweep of the queue failed; it is tried again'));
  const consumer = consumeRuns(stores.queueConnection, {
    concurrency: slots,
    lockDurationMs: Math.max(leaseMs, 5_000),
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
    again(() => lifecycle.sweepQueued(), 'sweep of the queue', Math.max(1_000, leaseMs)),
  ];
  // Loading every backend takes a second; runs need not wait for it.
  const probing = options.probeDevices().then(
    (found) => {
      devices = found;
      return beat();
    },
  ).catch((error: unknown) => log.warn({ err: error }, 'devices could not be probed'));

  return {
    async stop() {
      stopping = true;
      offCommand();
      await consumer.pause();
      for (const attempt of attempts.values()) attempt.handBack(STOPPED);
      await Promise.allSettled([...finished]);
      for (const stop of stops) stop();
      await Promise.allSettled([probing, consumer.close(), stores.workers.remove(id)]);
    },
  };
}
