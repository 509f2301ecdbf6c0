// What a run does between two epochs: note the best one, keep its weights, lower the learning rate on a
// plateau, decide to stop. One object per run; the loop tells it each epoch's metrics.
import type { Callback, Schedule } from '../schemas/optimization.js';
import { STOPPING_START, stoppingAfterEpoch, type EarlyStopping, type StoppingState } from './early-stopping.js';
import type { EngineSession, StoredTensor } from './engines/engine.js';
import { directionOf, isImprovement, resolveMonitor, type Direction } from './monitor.js';
import { plateauAfterEpoch, plateauStart, type PlateauState } from './schedule.js';
import { keeperOf, type CallbackState } from './train-state.js';

interface Watched {
  monitor: string;
  direction: Direction;
}

interface Stopper extends Watched {
  callback: EarlyStopping;
  state: StoppingState;
  weights: readonly StoredTensor[] | null;
}

interface Plateau extends Watched {
  schedule: Extract<Schedule, { type: 'reduceOnPlateau' }>;
}

export interface CallbackSettings {
  session: Pick<EngineSession, 'getWeights' | 'setWeights'>;
  callbacks: readonly Callback[];
  schedule: Schedule;
  learningRate: number;
  /** Names of the metrics that every epoch will have. */
  known: readonly string[];
}

function watch(asked: { monitor?: string | undefined; mode?: 'auto' | Direction | undefined }, known: readonly string[]): Watched {
  const monitor = resolveMonitor(asked.monitor, known);
  return { monitor, direction: directionOf(monitor, asked.mode) };
}

export class Callbacks {
  readonly #session: CallbackSettings['session'];
  readonly #stoppers: Stopper[];
  readonly #plateau: Plateau | null;
  readonly #default: Watched;
  #plateauState: PlateauState;
  #best: { epoch: number | null; value: number | null } = { epoch: null, value: null };

  /** @throws UnknownMonitorError when something is watched that `known` does not have. */
  constructor({ session, callbacks, schedule, learningRate, known }: CallbackSettings) {
    this.#session = session;
    this.#stoppers = callbacks.map((callback) => ({ callback, ...watch(callback, known), state: STOPPING_START, weights: null }));
    this.#plateau = schedule.type === 'reduceOnPlateau' ? { schedule, ...watch(schedule, known) } : null;
    this.#plateauState = plateauStart(learningRate);
    this.#default = watch({}, known);
  }

  /** The base learning rate, less what plateaus have taken. */
  get learningRate(): number {
    return this.#plateauState.rate;
  }

  get hasStopped(): boolean {
    return this.#stoppers.some(({ state }) => state.stop);
  }

  /** Best so far, by the first early stopping's monitor, else by the (validation) loss; null before any. */
  get bestEpoch(): number | null {
    return this.#stoppers[0] ? this.#stoppers[0].state.bestEpoch : this.#best.epoch;
  }

  /** Answers whether this epoch, counted from 1, is the best so far. */
  async afterEpoch(epoch: number, metrics: Record<string, number>): Promise<boolean> {
    for (const stopper of this.#stoppers) {
      stopper.state = stoppingAfterEpoch(stopper.state, { epoch, value: metrics[stopper.monitor]! }, stopper);
      const restores = stopper.callback.restoreBestWeights ?? true;
      if (restores && stopper.state.keep) stopper.weights = await this.#session.getWeights();
    }
    if (this.#plateau !== null) {
      this.#plateauState = plateauAfterEpoch(this.#plateauState, metrics[this.#plateau.monitor]!, this.#plateau);
    }
    const value = metrics[this.#default.monitor]!;
    if (isImprovement(value, this.#best.value, this.#default)) this.#best = { epoch, value };
    return this.bestEpoch === epoch;
  }

  get state(): CallbackState {
    return { stoppers: this.#stoppers.map(({ state, weights }) => ({ state, weights })), plateau: this.#plateauState, best: this.#best };
  }

  /** Goes on from `state`. @throws Error when it is of other callbacks */
  restore({ stoppers, plateau, best }: CallbackState): void {
    if (stoppers.length !== this.#stoppers.length) throw new Error(`the state is of ${stoppers.length} callbacks, the run has ${this.#stoppers.length}`);
    this.#stoppers.forEach((stopper, i) => {
      Object.assign(stopper, stoppers[i]!);
    });
    this.#plateauState = plateau;
    this.#best = best;
  }

  /** Who waits for an improvement, or has waited enough, waits anew: as with another call of Keras' `fit`. */
  waitAnew(): void {
    for (const stopper of this.#stoppers) stopper.state = { ...stopper.state, wait: 0, stop: false };
  }

  /**
   * Puts the best weights back where an early stopping kept them, first the one that stopped the run.
   * Answers their epoch, or null when the weights stay as they are.
   */
  restoreBest(): number | null {
    const keeper = keeperOf(this.#stoppers);
    if (keeper === undefined) return null;
    this.#session.setWeights(keeper.weights!);
    return keeper.state.bestEpoch;
  }
}
