import t from 'tap';
import { baseLearningRate, learningRateAt, plateauAfterEpoch, plateauStart, type PlateauState } from '../../../src/ml/schedule.js';
import type { Schedule } from '../../../src/schemas/optimization.js';
import { KERAS_SCHEDULES } from '../../fixtures/keras-numbers.js';
import { near } from '../../helpers/ml.js';

const at = { baseRate: 0.1, stepsPerEpoch: 10, totalSteps: 100 };
const rates = (schedule: Schedule, steps: readonly number[] = KERAS_SCHEDULES.steps) => steps.map((step) => learningRateAt(schedule, { ...at, step }));
const like = (t: Parameters<typeof near>[0], schedule: Schedule, keras: readonly number[], message: string) =>
  near(t, rates(schedule), keras, { message, tolerance: 1e-7 });

t.test('schedules equal those of Keras', async (t) => {
  like(t, { type: 'exponential', decay: 0.75, everyEpochs: 1 }, KERAS_SCHEDULES.exponential, 'exponential');
  like(t, { type: 'exponential', decay: 0.75, everySteps: 10, staircase: true }, KERAS_SCHEDULES.staircase, 'exponential in steps');
  like(t, { type: 'polynomial', steps: 50, end: 0.01, power: 2 }, KERAS_SCHEDULES.polynomial, 'polynomial');
  like(t, { type: 'cosine', epochs: 5, end: 0.01 }, KERAS_SCHEDULES.cosine, 'cosine');
  like(t, { type: 'cosine', epochs: 1, restarts: true, periodFactor: 2, peakFactor: 0.5 }, KERAS_SCHEDULES.restarts, 'cosine with restarts');
  like(t, { type: 'cosine', steps: 40, warmup: { epochs: 1 } }, KERAS_SCHEDULES.warmupCosine, 'cosine after a warm-up');
});

t.test('schedules have their hand-computed values', async (t) => {
  t.same(rates({ type: 'constant' }, [0, 99]), [0.1, 0.1], 'constant');
  const steps: Schedule = { type: 'step', boundaries: [1, 2.5], factors: [0.5, 0.1] };
  near(t, rates(steps, [0, 9, 10, 24, 25, 99]), [0.1, 0.1, 0.05, 0.05, 0.01, 0.01], { message: 'step, from each boundary on' });
  near(t, rates({ type: 'polynomial' }, [0, 50, 100, 200]), [0.1, 0.05, 0, 0], { message: 'polynomial over the whole run' });
  near(t, rates({ type: 'cosine' }, [0, 50, 100]), [0.1, 0.05, 0], { message: 'cosine over the whole run' });
  const floored: Schedule = { type: 'exponential', decay: 0.1, everyEpochs: 1, minLearningRate: 0.02 };
  near(t, rates(floored, [0, 10, 50]), [0.1, 0.02, 0.02], { message: 'exponential with a floor' });
  near(t, rates({ type: 'exponential', decay: 0.5 }, [0, 10, 20]), [0.1, 0.05, 0.025], { message: 'exponential by epochs when nothing is said' });
});

t.test('restarts fall on their steps exactly', async (t) => {
  const even: Schedule = { type: 'cosine', steps: 10, restarts: true };
  near(t, rates(even, [0, 10, 20, 990]), [0.1, 0.1, 0.1, 0.1], { message: 'periods of the same length' });
  const growing: Schedule = { type: 'cosine', steps: 3, restarts: true, periodFactor: 3 };
  near(t, rates(growing, [0, 3, 12, 39, 120, 363]), [0.1, 0.1, 0.1, 0.1, 0.1, 0.1], { message: 'periods that triple' });
  const last = rates(growing, [2, 11, 38, 119]);
  t.ok(last.every((rate) => rate < 0.04), 'and the step before each is near the bottom');
});

t.test('a warm-up rises to the base rate, then the schedule starts at its own step 0', async (t) => {
  const warmed: Schedule = { type: 'exponential', decay: 0.5, everySteps: 10, warmup: { steps: 4, from: 0.02 } };
  near(t, rates(warmed, [0, 1, 3, 4, 14]), [0.02, 0.04, 0.08, 0.1, 0.05], { message: 'exponential' });
  const whole: Schedule = { type: 'polynomial', warmup: { epochs: 2 } };
  near(t, rates(whole, [0, 10, 20, 60, 100]), [0, 0.05, 0.1, 0.05, 0], { message: 'a whole-run schedule has the remaining steps' });
});

t.test('a plateau lowers the rate as ReduceLROnPlateau does', async (t) => {
  const schedule = { type: 'reduceOnPlateau', factor: 0.5, patience: 2, minDelta: 0.1, cooldown: 1, minLearningRate: 0.03 } as const;
  const run = (values: readonly number[], { direction = 'min' as 'min' | 'max', cooldown = 1, minLearningRate = 0.03 } = {}): number[] => {
    let state: PlateauState = plateauStart(0.1);
    return values.map((value) => {
      state = plateauAfterEpoch(state, value, { schedule: { ...schedule, cooldown, minLearningRate }, direction });
      return state.rate;
    });
  };
  const flat = (epochs: number): number[] => [1, ...new Array<number>(epochs).fill(0.95)];
  // Keras' own numbers; a change below minDelta counts as none.
  t.same(run(flat(5)), [0.1, 0.1, 0.05, 0.05, 0.03, 0.03], 'after its patience, down to the floor');
  t.same(run(flat(9), { cooldown: 3, minLearningRate: 0 }), [0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.025], 'with a rest after each');
  t.same(run([0.1, 0.3, 0.5, 0.5, 0.5], { direction: 'max' }), [0.1, 0.1, 0.1, 0.1, 0.05], 'rising is better for an accuracy');
  t.same(run([1, 0.8, 0.6, 0.4]), [0.1, 0.1, 0.1, 0.1], 'not while it improves');
  t.same(run([NaN, NaN]), [0.1, 0.05], 'a NaN is no improvement');
  t.equal(learningRateAt(schedule, { ...at, baseRate: 0.05, step: 7 }), 0.05, 'the rate in between is constant');
});

t.test('an optimizer without a rate has that of Keras', async (t) => {
  t.equal(baseLearningRate({ type: 'sgd' }), 0.01, 'sgd');
  t.equal(baseLearningRate({ type: 'adam' }), 0.001, 'adam');
  t.equal(baseLearningRate({ type: 'adam', learningRate: 0.5 }), 0.5, 'its own otherwise');
});
