// The training loop: an async generator of reports over an engine session. It owns the order of examples,
// the schedule and the callbacks; it never prints, persists or publishes. The caller does.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Callback, Schedule } from '../schemas/optimization.js';
import type { MetricName } from '../schemas/spec.js';
import { Callbacks } from './callbacks.js';
import type { BatchResult, EngineSession, TrainBatch } from './engines/engine.js';
import { EpochMeans, epochMetricNames, validationMetrics } from './epoch-metrics.js';
import { NonFiniteLossError, type EndReport, type StepsReport, type TrainReport } from './reports.js';
import { permutation } from './rng.js';
import { learningRateAt } from './schedule.js';

export interface TrainSettings {
  /** Has the training examples bound, and the validation examples where `hasValidation`. */
  session: EngineSession;
  /** Examples in the bound training split, at least 1. */
  trainCount: number;
  hasValidation: boolean;
  batchSize: number;
  epochs: number;
  seed: number;
  shuffle: boolean;
  /** Before any schedule; see `baseLearningRate`. */
  learningRate: number;
  schedule: Schedule;
  metrics: readonly MetricName[];
  callbacks: readonly Callback[];
  /** Stops the loop between two batches. */
  signal: AbortSignal;
  /** Milliseconds on a monotonic clock. */
  now: () => number;
}

/** A block ends when it has taken about this long, so that a cancel and the live view wait no longer. */
const BLOCK_MS = 50;

/** Thrown inside to leave an evaluation; never seen outside. */
class Cancelled extends Error {}

class TrainingLoop {
  readonly #settings: TrainSettings;
  readonly #stepsPerEpoch: number;
  readonly #callbacks: Callbacks;
  readonly #history: Record<string, number>[] = [];
  #step = 0;
  #stepMs = BLOCK_MS;

  constructor(settings: TrainSettings) {
    if (settings.trainCount < 1) throw new RangeError('there is nothing to train on');
    this.#settings = settings;
    this.#stepsPerEpoch = Math.ceil(settings.trainCount / settings.batchSize);
    this.#callbacks = new Callbacks({ ...settings, known: epochMetricNames(settings.metrics, settings.hasValidation) });
  }

  async *run(): AsyncGenerator<TrainReport, void, void> {
    const { epochs, signal } = this.#settings;
    for (let epoch = 1; epoch <= epochs && !signal.aborted && !this.#callbacks.hasStopped; epoch++) {
      yield* this.#epoch(epoch);
    }
    yield this.#end();
  }

  /** Ends early, without an epoch report, when cancelled. */
  async *#epoch(epoch: number): AsyncGenerator<TrainReport, void, void> {
    const { hasValidation, trainCount, now, signal } = this.#settings;
    const startedAt = now();
    yield { type: 'phase', phase: 'training', epoch };
    const means = new EpochMeans();
    const order = this.#order(epoch);
    for (let done = 0; done < this.#stepsPerEpoch; ) {
      if (signal.aborted) return;
      const block = this.#block(order, { epoch, from: done });
      yield* this.#trainBlock(block, means);
      done += block.length;
      // Lets messages in, of which one may be the cancel.
      await nextTurn();
    }
    const trainedMs = now() - startedAt;
    const metrics = means.means();
    if (hasValidation) {
      yield { type: 'phase', phase: 'validating', epoch };
      const validation = await this.#validate();
      if (validation === null) return;
      Object.assign(metrics, validationMetrics(validation));
    }
    metrics.learning_rate = this.#rateAt(this.#step - 1);
    this.#history.push(metrics);
    const best = await this.#callbacks.afterEpoch(epoch, metrics);
    const examplesPerSecond = perSecond(trainCount, trainedMs);
    yield { type: 'epoch', epoch, step: this.#step, metrics, best, examplesPerSecond, durationMs: now() - startedAt };
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

  /** The next batches of the epoch: as many as take about BLOCK_MS, at most what the session likes. */
  #block(order: Int32Array, at: { epoch: number; from: number }): TrainBatch[] {
    const { session, batchSize } = this.#settings;
    const fitting = Math.max(1, Math.min(session.blockSize, Math.round(BLOCK_MS / this.#stepMs)));
    const count = Math.min(fitting, this.#stepsPerEpoch - at.from);
    return Array.from({ length: count }, (_, i) => ({
      indices: order.subarray((at.from + i) * batchSize, (at.from + i + 1) * batchSize),
      step: this.#step + i,
      epoch: at.epoch,
      learningRate: this.#rateAt(this.#step + i),
    }));
  }

  /** Reports up to a loss that is no number, then throws for it. */
  async *#trainBlock(block: TrainBatch[], means: EpochMeans): AsyncGenerator<StepsReport, void, void> {
    const { session, now } = this.#settings;
    const startedAt = now();
    const results = await session.train(block);
    const ms = now() - startedAt;
    this.#stepMs = Math.max(ms / block.length, 0.01);
    this.#step += block.length;
    const bad = results.findIndex(({ loss }) => !Number.isFinite(loss));
    const sound = bad < 0 ? results : results.slice(0, bad + 1);
    sound.forEach((result, i) => means.add(result, block[i]!.indices.length));
    yield stepsReport(block.slice(0, sound.length), sound, ms * (sound.length / block.length));
    if (bad >= 0) throw new NonFiniteLossError({ step: block[bad]!.step + 1, epoch: block[bad]!.epoch, loss: results[bad]!.loss });
  }

  /** Null when cancelled on the way. */
  async #validate(): Promise<BatchResult | null> {
    const { session, batchSize, signal, now } = this.#settings;
    let turnAt = now();
    const onBatch = async (): Promise<void> => {
      if (now() - turnAt >= BLOCK_MS) {
        await nextTurn();
        turnAt = now();
      }
      if (signal.aborted) throw new Cancelled();
    };
    try {
      return await session.evaluate('validation', batchSize, onBatch);
    } catch (error) {
      if (error instanceof Cancelled) return null;
      throw error;
    }
  }

  #end(): EndReport {
    const epochs = this.#history.length;
    const isComplete = epochs === this.#settings.epochs;
    const keptEpoch = this.#callbacks.restoreBest() ?? epochs;
    return {
      type: 'end',
      reason: this.#callbacks.hasStopped ? 'early_stopped' : isComplete ? 'completed' : 'cancelled',
      epochs,
      steps: this.#step,
      bestEpoch: this.#callbacks.bestEpoch,
      metrics: this.#history[keptEpoch - 1] ?? {},
    };
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
 * trained too. A cancelled run ends between two batches with the reason `cancelled`; the epoch under
 * way has no report of its own.
 * @throws UnknownMonitorError, RangeError at once, before anything is trained.
 * @throws NonFiniteLossError while it runs, when a loss is NaN or infinite.
 */
export function train(settings: TrainSettings): AsyncGenerator<TrainReport, void, void> {
  return new TrainingLoop(settings).run();
}
