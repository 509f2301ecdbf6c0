// The training loop: an async generator of reports over an engine session. It owns the order of examples,
// the schedule and the callbacks; it never prints, persists or publishes. The caller does.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Callback, Schedule } from '../schemas/optimization.js';
import type { MetricName } from '../schemas/spec.js';
import { Callbacks } from './callbacks.js';
import type { BatchResult, EngineSession, TrainBatch } from './engines/engine.js';
import { isEvaluationTold, type Evaluator, type EvaluationTally } from './evaluation.js';
import { EpochMeans, epochMetricNames, validationMetrics } from './epoch-metrics.js';
import { NonFiniteLossError, type CheckpointReport, type StepsReport, type TrainReport } from './reports.js';
import { permutation } from './rng.js';
import { learningRateAt } from './schedule.js';
import { PAUSE, type CheckpointPolicy, type TrainState } from './train-state.js';

export interface TrainSettings {
  /** Has the training examples bound, and the validation examples where `hasValidation`. */
  session: EngineSession;
  /** Examples in the bound training split, at least 1. */
  trainCount: number;
  hasValidation: boolean;
  /** Of the validation examples; absent or null where the model tells no classes apart. */
  evaluator?: Evaluator | null | undefined;
  batchSize: number;
  epochs: number;
  seed: number;
  shuffle: boolean;
  /** Before any schedule; see `baseLearningRate`. */
  learningRate: number;
  schedule: Schedule;
  metrics: readonly MetricName[];
  callbacks: readonly Callback[];
  /** When to report the state; also, where it is given, whenever training stops. */
  checkpoints?: CheckpointPolicy;
  /** Goes on from here; the session is given its state. */
  from?: TrainState | undefined;
  /** So many epochs had been done when more were asked for: early stopping waits anew from there. */
  extendedAfter?: number | undefined;
  /** Stops the loop between two batches; with the reason `PAUSE`, to be gone on with later. */
  signal: AbortSignal;
  /** Milliseconds on a monotonic clock. */
  now: () => number;
}

/** A block ends when it has taken about this long, so that a stop and the live view wait no longer. */
const BLOCK_MS = 50;

/** Thrown inside to leave an evaluation; never seen outside. */
class Stopped extends Error {}

class TrainingLoop {
  readonly #settings: TrainSettings;
  readonly #stepsPerEpoch: number;
  readonly #callbacks: Callbacks;
  readonly #history: Record<string, number>[] = [];
  #means = new EpochMeans();
  /** The epoch under way, from 1 on, and its batches that are done. */
  #epoch = 1;
  #batches = 0;
  /** Time of the epoch up to `#clockMs`. */
  #elapsedMs = 0;
  #clockMs: number;
  #step = 0;
  #stepMs = BLOCK_MS;
  #writtenAt: { ms: number; step: number; epoch: number };

  constructor(settings: TrainSettings) {
    const { trainCount, batchSize, metrics, hasValidation, from, now } = settings;
    if (trainCount < 1) throw new RangeError('there is nothing to train on');
    this.#settings = settings;
    this.#stepsPerEpoch = Math.ceil(trainCount / batchSize);
    this.#callbacks = new Callbacks({ ...settings, known: epochMetricNames(metrics, hasValidation) });
    if (from !== undefined) this.#restore(from);
    this.#clockMs = now();
    this.#writtenAt = { ms: this.#clockMs, step: this.#step, epoch: this.#epoch };
  }

  async *run(): AsyncGenerator<TrainReport, void, void> {
    const { epochs, signal } = this.#settings;
    while (this.#epoch <= epochs && !signal.aborted && !this.#callbacks.hasStopped) yield* this.#trainEpoch();
    yield* this.#end();
  }

  /** Ends early, without an epoch report, when stopped. */
  async *#trainEpoch(): AsyncGenerator<TrainReport, void, void> {
    const { trainCount, signal } = this.#settings;
    const epoch = this.#epoch;
    this.#clockMs = this.#settings.now();
    yield { type: 'phase', phase: 'training', epoch };
    const order = this.#order(epoch);
    while (this.#batches < this.#stepsPerEpoch) {
      if (signal.aborted) return;
      yield* this.#trainBlock(this.#block(order));
      if (this.#isDue()) yield await this.#checkpoint();
      // Lets messages in, of which one may be the stop.
      await nextTurn();
      this.#countTime();
    }
    const examplesPerSecond = perSecond(trainCount, this.#elapsedMs);
    const metrics = this.#means.means();
    const tally = this.#settings.hasValidation ? (this.#settings.evaluator?.begin() ?? null) : null;
    if (this.#settings.hasValidation) {
      yield { type: 'phase', phase: 'validating', epoch };
      const validation = await this.#validate(tally);
      if (validation === null) return;
      Object.assign(metrics, validationMetrics(validation));
      this.#countTime();
    }
    metrics.learning_rate = this.#rateAt(this.#step - 1);
    this.#history.push(metrics);
    const best = await this.#callbacks.afterEpoch(epoch, metrics);
    const isLast = epoch === this.#settings.epochs || this.#callbacks.hasStopped;
    const evaluation = isLast || isEvaluationTold(epoch) ? tally?.evaluation() : undefined;
    this.#waitAnewIfExtended();
    const durationMs = this.#elapsedMs;
    [this.#epoch, this.#batches, this.#elapsedMs, this.#means] = [epoch + 1, 0, 0, new EpochMeans()];
    yield { type: 'epoch', epoch, step: this.#step, metrics, evaluation, best, examplesPerSecond, durationMs };
    if (this.#isDue()) yield await this.#checkpoint();
  }

  #countTime(): void {
    const now = this.#settings.now();
    this.#elapsedMs += now - this.#clockMs;
    this.#clockMs = now;
  }

  #order(epoch: number): Int32Array {
    const { trainCount, seed, shuffle } = this.#settings;
    return shuffle ? permutation(trainCount, { seed, epoch }) : Int32Array.from({ length: trainCount }, (_, i) => i);
  }

  #rateAt(step: number): number {
    const { epochs, schedule } = this.#settings;
    const stepsPerEpoch = this.#stepsPerEpoch;
    return learningRateAt(schedule, { baseRate: this.#callbacks.learningRate, step, stepsPerEpoch, totalSteps: epochs * stepsPerEpoch });
  }

  /** The next batches of the epoch: as many as take about BLOCK_MS, at most what the session likes and up to the next checkpoint. */
  #block(order: Int32Array): TrainBatch[] {
    const { session, batchSize, checkpoints } = this.#settings;
    const fitting = Math.max(1, Math.min(session.blockSize, Math.round(BLOCK_MS / this.#stepMs)));
    const every = checkpoints?.everySteps;
    const untilDue = every === undefined ? Infinity : every - (this.#step % every);
    const count = Math.min(fitting, this.#stepsPerEpoch - this.#batches, untilDue);
    return Array.from({ length: count }, (_, i) => ({
      indices: order.subarray((this.#batches + i) * batchSize, (this.#batches + i + 1) * batchSize),
      step: this.#step + i,
      epoch: this.#epoch,
      learningRate: this.#rateAt(this.#step + i),
    }));
  }

  /** Reports up to a loss that is no number, then throws for it. */
  async *#trainBlock(block: TrainBatch[]): AsyncGenerator<StepsReport, void, void> {
    const { session, now } = this.#settings;
    const startedAt = now();
    const results = await session.train(block);
    const ms = now() - startedAt;
    this.#stepMs = Math.max(ms / block.length, 0.01);
    this.#step += block.length;
    this.#batches += block.length;
    const bad = results.findIndex(({ loss }) => !Number.isFinite(loss));
    const sound = bad < 0 ? results : results.slice(0, bad + 1);
    sound.forEach((result, i) => this.#means.add(result, block[i]!.indices.length));
    yield stepsReport(block.slice(0, sound.length), sound, ms * (sound.length / block.length));
    if (bad >= 0) throw new NonFiniteLossError({ step: block[bad]!.step + 1, epoch: block[bad]!.epoch, loss: results[bad]!.loss });
  }

  /** Null when stopped on the way. */
  async #validate(tally: EvaluationTally | null): Promise<BatchResult | null> {
    const { session, batchSize, signal, now } = this.#settings;
    let turnAt = now();
    const onBatch = async (): Promise<void> => {
      if (now() - turnAt >= BLOCK_MS) {
        await nextTurn();
        turnAt = now();
      }
      if (signal.aborted) throw new Stopped();
    };
    try {
      return await session.evaluate('validation', batchSize, { onBatch, onOutputs: tally === null ? undefined : (outputs, from) => tally.add(outputs, from) });
    } catch (error) {
      if (error instanceof Stopped) return null;
      throw error;
    }
  }

  /** Whether the policy wants the state now; never twice at one place. */
  #isDue(): boolean {
    const { checkpoints, now } = this.#settings;
    if (checkpoints === undefined || this.#isWritten()) return false;
    const { everySteps, everySeconds, everyEpochs } = checkpoints;
    return (
      (everySteps !== undefined && this.#step % everySteps === 0) ||
      (everySeconds !== undefined && now() - this.#writtenAt.ms >= everySeconds * 1000) ||
      (everyEpochs !== undefined && this.#batches === 0 && (this.#epoch - 1) % everyEpochs === 0)
    );
  }

  /** Between the last batch of an epoch and the next epoch lie its validation and what follows from it. */
  #isWritten(): boolean {
    return this.#writtenAt.step === this.#step && this.#writtenAt.epoch === this.#epoch;
  }

  async #checkpoint(): Promise<CheckpointReport> {
    const state: TrainState = {
      engine: await this.#settings.session.getState(),
      epochs: this.#settings.epochs,
      epoch: this.#epoch,
      batches: this.#batches,
      sums: this.#means.sums,
      elapsedMs: this.#elapsedMs,
      callbacks: this.#callbacks.state,
      history: [...this.#history],
    };
    this.#writtenAt = { ms: this.#settings.now(), step: this.#step, epoch: this.#epoch };
    return { type: 'checkpoint', epoch: this.#epoch - 1, step: this.#step, metrics: this.#history.at(-1) ?? {}, state };
  }

  #waitAnewIfExtended(): void {
    if (this.#history.length === this.#settings.extendedAfter) this.#callbacks.waitAnew();
  }

  #restore({ engine, epoch, batches, sums, elapsedMs, callbacks, history }: TrainState): void {
    if (engine.step !== (epoch - 1) * this.#stepsPerEpoch + batches) throw new Error(`step ${engine.step} is not batch ${batches} of epoch ${epoch}: the state is of other data or another batch size`);
    this.#settings.session.setState(engine);
    this.#callbacks.restore(callbacks);
    this.#history.push(...history);
    this.#waitAnewIfExtended();
    this.#means = new EpochMeans(sums);
    [this.#epoch, this.#batches, this.#elapsedMs, this.#step] = [epoch, batches, elapsedMs, engine.step];
  }

  /** What the epoch said is gone, perhaps with an earlier attempt; its weights are back. */
  async *#evaluateAgain(epoch: number): AsyncGenerator<TrainReport, void, void> {
    const { session, batchSize, hasValidation, evaluator } = this.#settings;
    const tally = hasValidation ? (evaluator?.begin() ?? null) : null;
    if (tally === null) return;
    yield { type: 'phase', phase: 'validating', epoch };
    await session.evaluate('validation', batchSize, { onOutputs: (outputs, from) => tally.add(outputs, from) });
    yield { type: 'evaluation', epoch, step: epoch * this.#stepsPerEpoch, evaluation: tally.evaluation() };
  }

  async *#end(): AsyncGenerator<TrainReport, void, void> {
    const { epochs, checkpoints, signal } = this.#settings;
    const done = this.#history.length;
    const stopped = signal.reason === PAUSE ? 'paused' : 'cancelled';
    const reason = this.#callbacks.hasStopped ? 'early_stopped' : done === epochs ? 'completed' : stopped;
    // Before the best weights are back: who goes on later goes on from the last ones.
    if (checkpoints !== undefined && !this.#isWritten()) yield await this.#checkpoint();
    const keptEpoch = (reason === 'paused' ? null : this.#callbacks.restoreBest()) ?? done;
    if ((reason === 'completed' || reason === 'early_stopped') && keptEpoch !== done && !isEvaluationTold(keptEpoch)) yield* this.#evaluateAgain(keptEpoch);
    yield { type: 'end', reason, epochs: done, steps: this.#step, bestEpoch: this.#callbacks.bestEpoch, keptEpoch, metrics: this.#history[keptEpoch - 1] ?? {} };
  }
}

function perSecond(examples: number, ms: number): number {
  return ms > 0 ? (examples * 1000) / ms : 0;
}

function stepsReport(block: readonly TrainBatch[], results: readonly BatchResult[], ms: number): StepsReport {
  const names = Object.keys(results[0]!.metrics);
  return {
    type: 'steps',
    epoch: block[0]!.epoch,
    steps: block.map(({ step }) => step + 1),
    series: {
      loss: results.map(({ loss }) => loss),
      ...Object.fromEntries(names.map((name) => [name, results.map(({ metrics }) => metrics[name]!)])),
      learning_rate: block.map(({ learningRate }) => learningRate),
    },
    examplesPerSecond: perSecond(block.reduce((sum, { indices }) => sum + indices.length, 0), ms),
  };
}

/**
 * Trains. The last report is `end`; the session then holds the weights to keep. A short last batch is
 * trained too. A stopped run ends between two batches with the reason `cancelled` or `paused`; the epoch under
 * way has no report of its own.
 * @throws UnknownMonitorError, RangeError at once, before anything is trained; Error when `from` is of another run.
 * @throws NonFiniteLossError while it runs, when a loss is NaN or infinite.
 */
export function train(settings: TrainSettings): AsyncGenerator<TrainReport, void, void> {
  return new TrainingLoop(settings).run();
}
