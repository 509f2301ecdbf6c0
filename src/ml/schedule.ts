// The learning rate as a pure function of the step. Formulas are those of Keras' schedules
// (https://keras.io/api/optimizers/learning_rate_schedules/) and of its ReduceLROnPlateau.
import type { Optimizer, Schedule } from '../schemas/optimization.js';
import { isImprovement, type Direction } from './monitor.js';

type Of<T extends Schedule['type']> = Extract<Schedule, { type: T }>;

const DEFAULT_LEARNING_RATES = {
  sgd: 0.01, rmsprop: 0.001, adagrad: 0.001, adadelta: 0.001, adam: 0.001, adamax: 0.001,
} as const satisfies Record<Optimizer['type'], number>;

/** The spec's learning rate, or Keras' default. */
export function baseLearningRate(optimizer: Optimizer): number {
  return optimizer.learningRate ?? DEFAULT_LEARNING_RATES[optimizer.type];
}

export interface SchedulePoint {
  /** The optimizer's learning rate, which schedules scale. */
  baseRate: number;
  /** Counts from 0; the step about to be done. */
  step: number;
  stepsPerEpoch: number;
  totalSteps: number;
}

/** A length in steps; `fallback` when the spec gives none. */
function stepsOf(span: { epochs?: number | undefined; steps?: number | undefined }, stepsPerEpoch: number, fallback: number): number {
  return span.steps ?? (span.epochs === undefined ? fallback : span.epochs * stepsPerEpoch);
}

function stepwise({ boundaries, factors }: Of<'step'>, { baseRate, step, stepsPerEpoch }: SchedulePoint): number {
  const passed = boundaries.filter((boundary) => step / stepsPerEpoch >= boundary).length;
  return passed === 0 ? baseRate : baseRate * factors[passed - 1]!;
}

function exponential(schedule: Of<'exponential'>, { baseRate, step, stepsPerEpoch }: SchedulePoint): number {
  const { decay, everyEpochs, everySteps, staircase = false, minLearningRate = 0 } = schedule;
  const intervals = step / stepsOf({ epochs: everyEpochs, steps: everySteps }, stepsPerEpoch, stepsPerEpoch);
  return Math.max(minLearningRate, baseRate * decay ** (staircase ? Math.floor(intervals) : intervals));
}

function polynomial(schedule: Of<'polynomial'>, { baseRate, step, stepsPerEpoch, totalSteps }: SchedulePoint): number {
  const { end = 0, power = 1 } = schedule;
  const done = Math.min(1, step / stepsOf(schedule, stepsPerEpoch, totalSteps));
  return end + (baseRate - end) * (1 - done) ** power;
}

/** Which period `done` (in first periods) falls into when each is `factor` times the one before, and how far. */
function periodAt(done: number, factor: number): { index: number; into: number } {
  const startOf = (index: number): number => (factor === 1 ? index : (factor ** index - 1) / (factor - 1));
  let index = Math.floor(factor === 1 ? done : Math.log1p(done * (factor - 1)) / Math.log(factor));
  // The logarithm may round to either side of a period's first step.
  if (startOf(index + 1) <= done) index += 1;
  else if (startOf(index) > done) index -= 1;
  return { index, into: (done - startOf(index)) / factor ** index };
}

function cosine(schedule: Of<'cosine'>, { baseRate, step, stepsPerEpoch, totalSteps }: SchedulePoint): number {
  const { end = 0, restarts = false, periodFactor = 1, peakFactor = 1 } = schedule;
  const done = step / stepsOf(schedule, stepsPerEpoch, totalSteps);
  const { index, into } = restarts ? periodAt(done, periodFactor) : { index: 0, into: Math.min(1, done) };
  return end + (baseRate - end) * peakFactor ** index * 0.5 * (1 + Math.cos(Math.PI * into));
}

/**
 * The learning rate of one step. A warm-up rises linearly from its `from` to the base rate; the schedule
 * itself then starts at its own step 0 and has the remaining steps. For `reduceOnPlateau`, `baseRate`
 * is the rate that `plateauAfterEpoch` left.
 */
export function learningRateAt(schedule: Schedule, at: SchedulePoint): number {
  const { warmup } = schedule;
  const warmupSteps = warmup === undefined ? 0 : stepsOf(warmup, at.stepsPerEpoch, at.stepsPerEpoch);
  if (warmup !== undefined && at.step < warmupSteps) {
    const { from = 0 } = warmup;
    return from + ((at.baseRate - from) * at.step) / warmupSteps;
  }
  const after = { ...at, step: at.step - warmupSteps, totalSteps: Math.max(1, at.totalSteps - warmupSteps) };
  switch (schedule.type) {
    case 'constant':
    case 'reduceOnPlateau':
      return at.baseRate;
    case 'step':
      return stepwise(schedule, after);
    case 'exponential':
      return exponential(schedule, after);
    case 'polynomial':
      return polynomial(schedule, after);
    case 'cosine':
      return cosine(schedule, after);
  }
}

export interface PlateauState {
  rate: number;
  best: number | null;
  /** Epochs since the last improvement, or since the last reduction's rest. */
  wait: number;
  /** Epochs of rest that remain. */
  cooldown: number;
}

export function plateauStart(rate: number): PlateauState {
  return { rate, best: null, wait: 0, cooldown: 0 };
}

/** The state after an epoch whose monitored metric was `value`. A NaN is no improvement. */
export function plateauAfterEpoch(
  state: PlateauState,
  value: number,
  { schedule, direction }: { schedule: Of<'reduceOnPlateau'>; direction: Direction },
): PlateauState {
  const { factor = 0.1, patience = 10, minDelta = 1e-4, minLearningRate = 0 } = schedule;
  const cooldown = Math.max(0, state.cooldown - 1);
  const rested = state.cooldown > 0 ? 0 : state.wait;
  if (isImprovement(value, state.best, { direction, minDelta })) return { ...state, best: value, wait: 0, cooldown };
  if (cooldown > 0) return { ...state, wait: rested, cooldown };
  if (rested + 1 < patience || state.rate <= minLearningRate) return { ...state, wait: rested + 1, cooldown };
  return { ...state, rate: Math.max(state.rate * factor, minLearningRate), wait: 0, cooldown: schedule.cooldown ?? 0 };
}
