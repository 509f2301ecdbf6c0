// One attempt of one run, from claim to end: forks the trainer, writes what it reports, passes on the
// cancel, and sees to it that the run ends in a state with a cause, however its trainer ends.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Static } from 'typebox';
import type { ArtifactRepository, ResumeCheckpoint } from '../src/artifacts/artifact-repository.js';
import type { ArtifactStore, LocalFile } from '../src/artifacts/store.js';
import { isStoreAway } from '../src/artifacts/store-error.js';
import type { Bus } from '../src/live/bus.js';
import { FencedError, type EventLog, type Fence } from '../src/live/event-log.js';
import type { Log } from '../src/log.js';
import type { Failure, Lifecycle } from '../src/runs/lifecycle.js';
import type { Leaving } from '../src/run-states.js';
import type { RunRepository } from '../src/runs/run-repository.js';
import type { LogData, NewEvent } from '../src/schemas/event.js';
import type { TrainerCommand, TrainerMessage } from '../src/schemas/ipc.js';
import type { Run } from '../src/schemas/run.js';
import type { Device } from '../src/devices/worker-repository.js';
import { isAway } from './away.js';
import { Ending } from './ending.js';
import { isFullDisk } from './full-disk.js';
import { Journal } from './journal.js';
import { DeviceGoneError, placeOf } from './place.js';
import { RunFiles } from './run-files.js';
import { startTrainerProcess, type TrainerProcess } from './trainer-process.js';

export interface AttemptOrigin {
  /** What it goes on from; from the start when absent. */
  resume: ResumeCheckpoint | undefined;
  /** Later training states whose files are damaged or gone. */
  damaged: number;
  /** The hash of the state with whose weights a forked run starts. */
  startFrom: string | null;
}

export interface AttemptContext {
  runs: RunRepository;
  lifecycle: Lifecycle;
  events: EventLog;
  artifacts: ArtifactRepository;
  store: ArtifactStore;
  bus: Bus;
  log: Log;
  scratchDir: string;
  trainerEnv: NodeJS.ProcessEnv;
  trainerModule?: string;
  cancelGraceMs: number;
  /** How long a trainer may be without a sign of life. */
  silenceMs: number;
  /** Of this box, as far as they are known. */
  devices(): readonly Device[];
  /** A trainer has started. */
  onTrainer(): void;
  /** The run found that a device of its place is not there; must tell the scheduler, who would put it there again. */
  onDeviceMissing(run: Run): Promise<void>;
}

/** Nobody is in a hurry where a large state is written, and a trainer that hangs is noticed otherwise. */
const LEAVE_GRACE_MS = 5 * 60_000;
type StartFiles = Pick<Extract<TrainerCommand, { type: 'start' }>, 'resume' | 'startFrom'>;

/** How many lines of a trainer's own output go into the log of its run. */
const OUTPUT_LINES = 1_000;

const event = <K extends NewEvent['kind']>(kind: K, data: Extract<NewEvent, { kind: K }>['data']) => ({ kind, at: new Date().toISOString(), data }) as NewEvent;
const logEvent = (level: Static<typeof LogData>['level'], message: string) => event('log', { level, message: message.slice(0, 16_384) });

/** Samples of a process and lines of its log come from one that does nothing as well. */
const isProgress = (message: TrainerMessage) => message.type === 'events' ? message.events.some(({ kind }) => kind === 'metrics' || kind === 'epoch') : message.type !== 'ready';

export class Attempt {
  readonly fence: Fence;
  readonly #context: AttemptContext;
  readonly #run: Run;
  readonly #resume: ResumeCheckpoint | undefined;
  readonly #startFrom: string | null;
  readonly #journal: Journal;
  readonly #scratch: string;
  readonly #files: RunFiles;
  readonly #held: LocalFile[] = [];
  #trainer: TrainerProcess | null = null;
  #graceTimer: NodeJS.Timeout | null = null;
  #killAt = Infinity;
  #outputLines = 0;
  readonly #ending: Ending;
  #fenced = false;
  /** When its trainer last had something to show. */
  #activeAt = performance.now();
  /** The latest state that the trainer has written, and its file while nothing has been done with it. */
  #latestStep = -1;
  #waitingState: string | null = null;

  constructor(run: Run, { resume, damaged, startFrom }: AttemptOrigin, context: AttemptContext) {
    this.#run = run;
    this.#resume = resume;
    this.#startFrom = startFrom;
    this.#context = context;
    this.fence = { runId: run.id, attempt: run.attempt };
    this.#scratch = join(context.scratchDir, `${run.id}.${run.attempt}`);
    this.#ending = new Ending({ maxRuntimeSeconds: run.spec.resources?.maxRuntimeSeconds });
    this.#journal = this.#openJournal();
    this.#files = new RunFiles({ ...context, fence: this.fence, spec: run.spec, scratch: this.#scratch });
    if (damaged > 0) this.#journal.write(event('warning', { code: 'checkpoint_damaged', message: `${damaged === 1 ? 'the latest training state is' : `the latest ${damaged} training states are`} damaged or gone; the run ${resume === undefined ? 'begins anew' : `goes on from step ${resume.step}`}` }));
  }

  /** Of its trainer; undefined while there is none. */
  get pid(): number | undefined {
    return this.#trainer?.pid;
  }

  /** Milliseconds without a step. */
  get idleMs(): number {
    return performance.now() - this.#activeAt;
  }

  get deviceIds(): readonly string[] {
    return this.#run.placement?.devices ?? [];
  }

  /** Trains to the end. Never rejects for a fault of the run; its cause is in the run's state. */
  async execute(): Promise<void> {
    const { log } = this.#context;
    try {
      await mkdir(this.#scratch, { recursive: true });
      const files = await this.#fetchFiles();
      // It may have been told to stop before there was anything to stop.
      if (!this.#fenced && !this.#ending.isHandedBack) {
        const exit = await this.#start(files).exited;
        log.debug({ ...this.fence, ...exit }, 'trainer gone');
        this.#ending.went(exit);
      }
    } catch (error) {
      // What it goes on from is somewhere: it must not begin without.
      if (isStoreAway(error)) this.#ending.handBack('the artifact storage did not answer; queued again');
      else this.#ending.failed(this.#failure(error));
    } finally {
      if (this.#graceTimer !== null) clearTimeout(this.#graceTimer);
      for (const file of this.#held) await file.release().catch((error: unknown) => log.warn({ err: error }, 'a copy of a stored file stays'));
    }
    await this.#journal.settled();
    this.#journal.close();
    if (!this.#fenced) await this.#finish();
    await rm(this.#scratch, { recursive: true, force: true }).catch((error: unknown) => log.warn({ err: error }, 'scratch folder stays'));
  }

  /** Asks the trainer to stop between two batches, with its state kept in case the run is resumed; kills it after the grace. Idempotent. */
  cancel(): void {
    this.#ask(() => this.#ending.cancel(), this.#context.cancelGraceMs);
  }

  /** Asks the trainer to stop between two batches with its state kept; kills it after the grace. Idempotent. */
  pause(): void {
    this.#ask(() => this.#ending.pause(), this.#context.cancelGraceMs);
  }

  /** Stops with its state kept, and puts the run back into the queue, unless it has come to its end already. */
  handBack(message: string): void {
    this.#ask(() => this.#ending.handBack(message), this.#context.cancelGraceMs);
  }

  /** Its devices are wanted, or its time is up: stops with its state kept. Idempotent. */
  leave(why: Leaving): void {
    this.#ask(() => this.#ending.leave(why), LEAVE_GRACE_MS);
  }

  #ask(ask: () => void, graceMs: number): void {
    const before = this.#ending.asked;
    ask();
    const { asked } = this.#ending;
    // One that is to be cancelled stops already, in the same way.
    if (asked === null || (asked === before && asked === 'cancel')) return;
    if (asked !== before) this.#trainer?.send({ type: asked });
    this.#killAfter(graceMs);
  }

  /** The lease is gone: another attempt may run. Stops at once and writes nothing more. */
  fenceOff(): void {
    this.#fenced = true;
    this.#trainer?.kill();
  }

  #openJournal(): Journal {
    const { events, bus, log } = this.#context;
    return new Journal({
      fence: this.fence,
      head: this.#run.head,
      events,
      bus,
      spoolFile: join(this.#scratch, 'spool'),
      onAway: (error) => log.warn({ err: error, ...this.fence }, `the ${isStoreAway(error) ? 'artifact storage' : 'database'} does not answer; training goes on and its events wait`),
      onSpoolError: (error) => log.warn({ err: error, ...this.fence }, 'events that wait for the database cannot be written to disk, and are kept in memory'),
      onBroken: (error) => this.#giveUp(error),
    });
  }

  /** The last change of state, in a journal of its own: whatever broke the other one, the run must not stay as it is. */
  async #finish(): Promise<void> {
    const { log } = this.#context;
    const journal = this.#openJournal();
    journal.act(async () => {
      const run = await this.#conclude();
      if (run !== null) log.info({ ...this.fence, state: run.state, reason: run.reason }, run.message ?? `run ${run.state}`);
    });
    await journal.settled();
    journal.close();
  }

  async #conclude(): Promise<Run | null> {
    const { lifecycle } = this.#context;
    const end = this.#ending.conclusion();
    if ('reason' in end && end.reason === 'device_missing') await this.#context.onDeviceMissing(this.#run);
    if ('handBack' in end) return lifecycle.handBack(this.fence, end.handBack);
    return end.state === 'failed' ? lifecycle.fail(this.#run, end) : lifecycle.end(this.fence, end);
  }

  /** Whoever is in more of a hurry is heard. */
  #killAfter(graceMs: number): void {
    const at = performance.now() + graceMs;
    if (this.#graceTimer !== null && at >= this.#killAt) return;
    if (this.#graceTimer !== null) clearTimeout(this.#graceTimer);
    this.#killAt = at;
    this.#graceTimer = setTimeout(() => this.#trainer?.kill(), graceMs);
  }

  #start({ resume, startFrom }: StartFiles): TrainerProcess {
    const { trainerEnv, trainerModule, silenceMs, devices } = this.#context;
    const place = placeOf(this.#run, devices());
    const { gradientAccumulationSteps } = this.#run;
    if (gradientAccumulationSteps > 1) {
      this.#journal.write(event('warning', { code: 'gradient_accumulation', message: `each batch is computed in ${gradientAccumulationSteps} parts, because the GPU had no memory for it whole; batch normalization sees each part by itself` }));
    }
    const trainer = startTrainerProcess({
      ...(trainerModule === undefined ? {} : { module: trainerModule }),
      env: { ...trainerEnv, ...place.env },
      silenceMs,
      onMessage: (message) => this.#receive(message),
      onOutput: ({ stream, text }) => {
        this.#outputLines += 1;
        if (this.#outputLines <= OUTPUT_LINES) this.#journal.write(logEvent(stream === 'stderr' ? 'warn' : 'info', text));
      },
    });
    this.#trainer = trainer;
    this.#context.onTrainer();
    trainer.send({ type: 'start', runId: this.#run.id, attempt: this.#run.attempt, spec: place.spec, scratchDir: this.#scratch, ruledOut: place.ruledOut, threads: place.threads, gradientAccumulationSteps, resume, startFrom, extendedAfter: this.#run.extendedAfter });
    const { asked } = this.#ending;
    if (asked !== null) trainer.send({ type: asked });
    return trainer;
  }

  async #fetchFiles(): Promise<StartFiles> {
    const { forkedFrom } = this.#run;
    return {
      resume: this.#resume === undefined ? null : { file: await this.#fetch(this.#resume.sha256), step: this.#resume.step },
      startFrom: forkedFrom === null ? null : { file: this.#startFrom === null ? null : await this.#fetch(this.#startFrom), step: forkedFrom.step },
    };
  }

  async #fetch(sha256: string): Promise<string> {
    const file = await this.#context.store.localFile(sha256);
    this.#held.push(file);
    return file.path;
  }

  #receive(message: TrainerMessage): void {
    const { runs, lifecycle } = this.#context;
    if (isProgress(message)) this.#activeAt = performance.now();
    switch (message.type) {
      case 'device': {
        const { engine, backend, device } = message;
        this.#journal.act(() => runs.setDevice(this.fence, { engine, backend, device }));
        return;
      }
      case 'running':
      case 'finalizing':
        this.#journal.act(async () => void (await lifecycle.advance(this.fence, message.type)));
        return;
      case 'events':
        this.#journal.write(...message.events);
        return;
      case 'checkpoint':
        // The newer one is worth more, and while the database is away they would fill the disk.
        if (this.#waitingState !== null) void this.#files.discard(this.#waitingState);
        [this.#latestStep, this.#waitingState] = [message.step, message.file];
        this.#journal.act(() => this.#keepState(message));
        return;
      case 'artifacts':
        this.#journal.act(() => this.#keepModel(message));
        return;
      case 'ended': {
        const { type: _, ...end } = message;
        this.#ending.said(end);
        // A driver may hang while its process exits.
        this.#killAfter(this.#context.cancelGraceMs);
        return;
      }
      case 'ready':
        return;
      default:
        message satisfies never;
        this.#context.log.warn({ ...this.fence, message }, 'the trainer said something unknown');
    }
  }

  /** Must come before the run succeeds. */
  async #keepModel(message: Extract<TrainerMessage, { type: 'artifacts' }>): Promise<void> {
    try {
      this.#journal.write(...(await this.#files.keepModel(message)));
    } catch (error) {
      if (isAway(error) || error instanceof FencedError) throw error; // tried again by the journal, or over
      this.#ending.ruined(this.#failure(error));
      this.#trainer?.kill();
    }
  }

  /** A fault costs the state, not the run. */
  async #keepState(message: Extract<TrainerMessage, { type: 'checkpoint' }>): Promise<void> {
    const { file, step } = message;
    if (step < this.#latestStep) return this.#files.drop(file);
    this.#waitingState = null;
    try {
      this.#journal.write(...(await this.#files.keepState(message)));
    } catch (error) {
      if (isAway(error) || error instanceof FencedError) throw error;
      await this.#files.discard(file);
      this.#context.log.warn({ err: error, ...this.fence }, 'a training state was not kept');
      this.#journal.write(event('warning', { code: 'checkpoint_failed', message: `the state of training at step ${step} could not be kept${isFullDisk(error) ? ': the disk is full' : ''}` }));
    }
  }

  #failure(error: unknown): Failure {
    if (error instanceof DeviceGoneError) return { state: 'failed', reason: 'device_missing', message: 'its device is not there any more' };
    if (isFullDisk(error)) return { state: 'failed', reason: 'disk_full', message: 'the disk is full: the model could not be stored' };
    this.#context.log.error({ err: error, ...this.fence }, 'attempt failed');
    const { code, syscall } = error as NodeJS.ErrnoException;
    const message = code !== undefined && syscall !== undefined ? `the model could not be stored: ${syscall} answered ${code}` : 'the supervisor failed; its log says more';
    return { state: 'failed', reason: 'internal', message };
  }

  #giveUp(error: unknown): void {
    this.#context.log.error({ err: error, ...this.fence }, 'the run can no longer be written');
    if (error instanceof FencedError) return this.fenceOff();
    this.#ending.ruined({ state: 'failed', reason: 'internal', message: 'what its trainer reported could not be stored; the log of the supervisor says more' });
    this.#trainer?.kill();
  }
}
