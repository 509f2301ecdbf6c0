import t from 'tap';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/ml/checkpoint-file.js';
import type { BatchResult, EngineSession, EngineState, EvaluateOptions, StoredTensor, TrainBatch } from '../../../src/ml/engines/engine.js';
import { createEvaluator } from '../../../src/ml/evaluation.js';
import { UnknownMonitorError } from '../../../src/ml/monitor.js';
import { NonFiniteLossError, type EndReport, type TrainReport } from '../../../src/ml/reports.js';
import { train, type TrainSettings } from '../../../src/ml/train.js';
import { PAUSE, type TrainState } from '../../../src/ml/train-state.js';

interface Script {
  /** Loss of each training step, from 0 on. */
  loss?: (batch: TrainBatch) => number;
  /** Validation loss of each epoch, from 1 on. */
  validation?: readonly number[];
  blockSize?: number;
  /** Milliseconds that each step takes on the test's clock. */
  stepMs?: number;
  onTrain?: (batches: readonly TrainBatch[]) => void;
  onValidationBatch?: (batch: number) => void;
}

/** A session that computes nothing, remembers what it is told, and whose one weight is its step count. */
function scripted(script: Script = {}) {
  const batches: TrainBatch[] = [];
  const blocks: number[] = [];
  const clock = { ms: 0 };
  let weight = 0;
  let evaluations = 0;
  let skipped = 0;
  const result = (loss: number): BatchResult => ({ loss, metrics: { accuracy: loss / 10 } });
  const session = {
    engine: 'eager',
    backend: 'cpu',
    blockSize: script.blockSize ?? 4,
    async train(block: readonly TrainBatch[]) {
      script.onTrain?.(block);
      blocks.push(block.length);
      batches.push(...block.map((batch) => ({ ...batch, indices: batch.indices.slice() })));
      clock.ms += block.length * (script.stepMs ?? 1);
      weight += block.length;
      return block.map((batch) => result(script.loss?.(batch) ?? 1));
    },
    async evaluate(_split: string, _batchSize: number, { onBatch, onOutputs }: EvaluateOptions = {}) {
      for (let batch = 0; batch < 3; batch++) {
        script.onValidationBatch?.(batch);
        clock.ms += 40;
        onOutputs?.(Float32Array.of(0, 1), batch);
        await onBatch?.();
      }
      return result(script.validation?.[Math.max(evaluations++, Math.floor((batches.length + skipped) / 3) - 1)] ?? 1);
    },
    async getWeights(): Promise<StoredTensor[]> {
      return [{ name: 'w', shape: [], dtype: 'float32', data: Float32Array.of(weight) }];
    },
    setWeights(weights: readonly StoredTensor[]) {
      weight = weights[0]!.data[0]!;
    },
    async getState(): Promise<EngineState> {
      return { weights: await this.getWeights(), optimizer: [], step: batches.length + skipped };
    },
    setState({ weights, step }: EngineState) {
      weight = weights[0]!.data[0]!;
      skipped = step - batches.length;
    },
  };
  return { session: session as unknown as EngineSession, batches, blocks, clock, weight: () => weight };
}

function settings(script: ReturnType<typeof scripted>, changes: Partial<TrainSettings> = {}): TrainSettings {
  return {
    session: script.session,
    trainCount: 10,
    hasValidation: false,
    batchSize: 4,
    epochs: 2,
    seed: 1,
    shuffle: true,
    learningRate: 0.1,
    schedule: { type: 'constant' },
    metrics: ['accuracy'],
    callbacks: [],
    signal: new AbortController().signal,
    now: () => script.clock.ms,
    ...changes,
  };
}

async function collect(reports: AsyncGenerator<TrainReport>): Promise<TrainReport[]> {
  const all: TrainReport[] = [];
  for await (const report of reports) all.push(report);
  return all;
}
const ofType = <T extends TrainReport['type']>(reports: TrainReport[], type: T) => reports.filter((report) => report.type === type) as Extract<TrainReport, { type: T }>[];

t.test('each epoch visits every example once, in its own order, with a short last batch', async (t) => {
  const script = scripted();
  await collect(train(settings(script)));
  t.same(script.batches.map(({ indices }) => indices.length), [4, 4, 2, 4, 4, 2], 'the last batch is trained too');
  const epochs = [script.batches.slice(0, 3), script.batches.slice(3)].map((part) => part.flatMap(({ indices }) => [...indices]));
  for (const order of epochs) t.same([...order].sort((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 'each once');
  t.notSame(epochs[0], epochs[1], 'in another order');
  t.same(script.batches.map(({ step }) => step), [0, 1, 2, 3, 4, 5], 'steps count over the run');
  const again = scripted();
  await collect(train(settings(again)));
  t.same(again.batches, script.batches, 'the same seed gives the same');
  const plain = scripted();
  await collect(train(settings(plain, { shuffle: false, epochs: 1 })));
  t.same([...plain.batches[2]!.indices], [8, 9], 'without a shuffle they come as they lie');
});

t.test('reports tell steps, epochs and the end', async (t) => {
  const script = scripted({ loss: ({ step }) => step + 1, validation: [5, 4] });
  const reports = await collect(train(settings(script, { hasValidation: true })));
  const steps = ofType(reports, 'steps');
  t.same(steps.flatMap((report) => report.steps), [1, 2, 3, 4, 5, 6], 'steps count from 1');
  t.same(steps.flatMap((report) => report.series.loss), [1, 2, 3, 4, 5, 6], 'a series of losses');
  t.same(steps.flatMap((report) => report.series.learning_rate), Array(6).fill(0.1), 'and of the learning rate');
  const epochs = ofType(reports, 'epoch');
  const mean = (1 * 4 + 2 * 4 + 3 * 2) / 10;
  t.equal(epochs[0]!.metrics.loss, mean, 'an epoch\'s loss weighs batches by their examples');
  t.match(epochs[1], { epoch: 2, step: 6, best: true, metrics: { val_loss: 4, val_accuracy: 0.4, learning_rate: 0.1 } }, 'with the validation');
  t.match(epochs[0], { examplesPerSecond: 10_000 / 3, durationMs: 123 }, 'and its times');
  t.same(ofType(reports, 'phase').map(({ phase, epoch }) => `${phase} ${epoch}`), ['training 1', 'validating 1', 'training 2', 'validating 2'], 'phases');
  t.match(reports.at(-1), { type: 'end', reason: 'completed', epochs: 2, steps: 6, bestEpoch: 2, keptEpoch: 2, metrics: { val_loss: 4 } }, 'the end comes last');
});

t.test('an epoch tells the evaluation of its validation', async (t) => {
  const place = { split: 'test', from: 0 } as const;
  const evaluator = createEvaluator({ loss: { type: 'categoricalCrossentropy', fromLogits: false }, outputShape: [2], classCount: 2, labels: [], examples: { y: Uint8Array.of(0, 1, 1), place } });
  const told = async (changes: Partial<TrainSettings>, script: Script = {}) => ofType(await collect(train(settings(scripted(script), { evaluator, hasValidation: true, ...changes }))), 'epoch').map(({ evaluation }) => evaluation?.confusionMatrix ?? null);
  const matrix = [[0, 1], [0, 2]];
  t.same(await told({}), [matrix, matrix], 'each anew');
  t.same(await told({ hasValidation: false }), [null, null], 'none without a validation');
  t.same(await told({ evaluator: null }), [null, null], 'nor for what tells no classes apart');
  const many = await told({ epochs: 223 });
  t.same(many.flatMap((one, i) => (i >= 200 && one !== null ? i + 1 : [])), [210, 220, 223], 'of very many epochs some tell it, and the last one');
  const stopped = await told({ epochs: 500, callbacks: [{ type: 'earlyStopping', patience: 204 }] }, { validation: Array.from({ length: 500 }, (_, i) => i) });
  t.same(stopped.flatMap((one, i) => (i >= 200 && one !== null ? i + 1 : [])), [205], 'also where it is stopped early');

  const toldAtTheEnd = async (callbacks: TrainSettings['callbacks'], best: number, from?: TrainState) => {
    const reports = await collect(train(settings(scripted({ validation: Array.from({ length: 500 }, (_, i) => Math.abs(i + 1 - best)) }), { evaluator, hasValidation: true, epochs: 223, callbacks, checkpoints: { everyEpochs: 207 }, from })));
    return { again: ofType(reports, 'evaluation').map(({ epoch, step, evaluation }) => [epoch, step, evaluation.confusionMatrix]), end: reports.at(-1) as EndReport, states: ofType(reports, 'checkpoint').map(({ state }) => state) };
  };
  const early = await toldAtTheEnd([{ type: 'earlyStopping', patience: 5 }], 203);
  t.same(early.again, [[203, 609, matrix]], 'and at the end the one whose weights are kept');
  t.match(early.end, { reason: 'early_stopped', epochs: 208, bestEpoch: 203, keptEpoch: 203 });
  t.same((await toldAtTheEnd([{ type: 'earlyStopping', patience: 5 }], 203, early.states[0])).again, early.again, 'which an earlier attempt had done');
  t.same((await toldAtTheEnd([{ type: 'earlyStopping', patience: 5 }], 210)).again, [], 'unless it was told already');
  const last = await toldAtTheEnd([{ type: 'earlyStopping', patience: 5, restoreBestWeights: false }], 203);
  t.same([last.again, last.end.keptEpoch, last.end.bestEpoch], [[], 208, 203], 'or is the last');
});

t.test('blocks grow as long as they stay short', async (t) => {
  const quick = scripted({ blockSize: 8, stepMs: 1 });
  await collect(train(settings(quick, { trainCount: 80, epochs: 1 })));
  t.same(quick.blocks, [1, 8, 8, 3], 'the first has one step, the others what the session likes');
  const slow = scripted({ blockSize: 8, stepMs: 25 });
  await collect(train(settings(slow, { trainCount: 20, epochs: 1 })));
  t.same(slow.blocks, [1, 2, 2], 'slow steps come in smaller blocks');
});

t.test('the schedule sets the rate of each step', async (t) => {
  const script = scripted();
  await collect(train(settings(script, { schedule: { type: 'exponential', decay: 0.5, everyEpochs: 1, staircase: true } })));
  t.same(script.batches.map(({ learningRate }) => learningRate), [0.1, 0.1, 0.1, 0.05, 0.05, 0.05], 'by epochs');
  const plateau = scripted({ validation: [1, 1, 1] });
  const schedule = { type: 'reduceOnPlateau', patience: 1, factor: 0.5 } as const;
  const reports = await collect(train(settings(plateau, { schedule, hasValidation: true, epochs: 3 })));
  t.same(ofType(reports, 'epoch').map(({ metrics }) => metrics.learning_rate), [0.1, 0.1, 0.05], 'a plateau lowers it from the next epoch on');
});

t.test('early stopping ends the run and puts the best weights back', async (t) => {
  const script = scripted({ validation: [3, 1, 2, 2.5, 0] });
  const reports = await collect(train(settings(script, { hasValidation: true, epochs: 5, callbacks: [{ type: 'earlyStopping', patience: 2 }] })));
  t.match(reports.at(-1), { reason: 'early_stopped', epochs: 4, steps: 12, bestEpoch: 2, keptEpoch: 2, metrics: { val_loss: 1 } }, 'two epochs after the best');
  t.equal(script.weight(), 6, 'with the weights of the best epoch');
  t.same(ofType(reports, 'epoch').map(({ best }) => best), [true, true, false, false], 'best epochs say so');
  const kept = scripted({ validation: [1, 2, 3] });
  const keptEnd = (await collect(train(settings(kept, { hasValidation: true, epochs: 5, callbacks: [{ type: 'earlyStopping', restoreBestWeights: false }] })))).at(-1);
  t.match(keptEnd, { reason: 'early_stopped', epochs: 2, bestEpoch: 1, keptEpoch: 2, metrics: { val_loss: 2 } });
  t.equal(kept.weight(), 6, 'or with the last when asked');
  const whole = scripted({ validation: [1, 2] });
  const end = (await collect(train(settings(whole, { hasValidation: true, callbacks: [{ type: 'earlyStopping', patience: 9 }] })))).at(-1);
  t.match(end, { reason: 'completed', epochs: 2, bestEpoch: 1, keptEpoch: 1, metrics: { val_loss: 1 } }, 'a run that is not stopped');
  t.equal(whole.weight(), 3, 'ends with the best weights as well');
  const rising = scripted({ loss: ({ epoch }) => epoch });
  const risen = await collect(train(settings(rising, { epochs: 3, callbacks: [{ type: 'earlyStopping', monitor: 'accuracy' }] })));
  t.equal((risen.at(-1) as { bestEpoch: number }).bestEpoch, 3, 'an accuracy should rise');
});

t.test('an unknown monitor is refused before anything is trained', async (t) => {
  const script = scripted();
  const callbacks = [{ type: 'earlyStopping', monitor: 'val_loss' } as const];
  t.throws(() => train(settings(script, { callbacks })), UnknownMonitorError, 'val_loss without a validation');
  t.throws(() => train(settings(script, { schedule: { type: 'reduceOnPlateau', monitor: 'acc' } })), /"acc".*loss, accuracy/, 'a misspelt one, naming those there are');
  t.throws(() => train(settings(script, { trainCount: 0 })), RangeError, 'and nothing to train on');
  t.same(script.blocks, [], 'nothing was trained');
});

t.test('a loss that is no number ends the run with its place', async (t) => {
  const script = scripted({ loss: ({ step }) => (step >= 4 ? NaN : 1), blockSize: 8 });
  const seen: TrainReport[] = [];
  const run = async (): Promise<void> => {
    for await (const report of train(settings(script, { epochs: 3 }))) seen.push(report);
  };
  await t.rejects(run(), new NonFiniteLossError({ step: 5, epoch: 2, loss: NaN }), 'named by step and epoch');
  t.same(ofType(seen, 'steps').flatMap(({ steps }) => steps), [1, 2, 3, 4, 5], 'the steps up to it were reported');
  t.ok(Number.isNaN(ofType(seen, 'steps').at(-1)!.series.loss!.at(-1)), 'with the loss as it was');
});

t.test('a cancel ends the run between two batches', async (t) => {
  const training = new AbortController();
  const script = scripted({ blockSize: 1, onTrain: ([batch]) => batch!.step === 4 && training.abort() });
  const reports = await collect(train(settings(script, { signal: training.signal, epochs: 5 })));
  t.match(reports.at(-1), { type: 'end', reason: 'cancelled', epochs: 1, steps: 5, metrics: { loss: 1 } }, 'while it trains');
  t.equal(ofType(reports, 'epoch').length, 1, 'the epoch under way has no report');

  const validating = new AbortController();
  const second = scripted({ onValidationBatch: (batch) => batch === 1 && validating.abort() });
  const after = await collect(train(settings(second, { signal: validating.signal, hasValidation: true })));
  t.match(after.at(-1), { reason: 'cancelled', epochs: 0, steps: 3, metrics: {} }, 'while it validates');

  const resumed = new AbortController();
  const third = scripted({ blockSize: 1, onTrain: ([batch]) => batch!.step === 4 && resumed.abort() });
  const kept = await collect(train(settings(third, { signal: resumed.signal, epochs: 5, checkpoints: {} })));
  t.match(kept.at(-2), { type: 'checkpoint', step: 5, epoch: 1 }, 'with its state, where states are kept: it may be resumed');

  const before = new AbortController();
  before.abort();
  const none = await collect(train(settings(scripted(), { signal: before.signal })));
  t.match(none, [{ type: 'end', reason: 'cancelled', steps: 0 }], 'before it starts');
});

/** Steps and epochs of a run, without times. */
const course = (reports: TrainReport[]) => ({
  steps: ofType(reports, 'steps').flatMap(({ steps, series }) => steps.map((step, i) => [step, series.loss![i], series.learning_rate![i]])),
  epochs: ofType(reports, 'epoch').map(({ epoch, step, metrics, best }) => ({ epoch, step, metrics, best })),
});

t.test('the state is reported when the policy wants it', async (t) => {
  const places = async (checkpoints: TrainSettings['checkpoints'], script: Script = {}) => {
    const scene = scripted(script);
    const reports = await collect(train(settings(scene, { epochs: 3, ...(checkpoints === undefined ? {} : { checkpoints }) })));
    return ofType(reports, 'checkpoint').map(({ step, state }) => [step, state.epoch, state.batches]);
  };
  t.same(await places(undefined), [], 'never without one');
  t.same(await places({}), [[9, 4, 0]], 'an empty one: at the end');
  t.same(await places({ everyEpochs: 2 }), [[6, 3, 0], [9, 4, 0]], 'by epochs');
  t.same(await places({ everySteps: 4 }, { blockSize: 8 }), [[4, 2, 1], [8, 3, 2], [9, 4, 0]], 'by steps, to the step');
  t.same(await places({ everySteps: 3 }), [[3, 1, 3], [3, 2, 0], [6, 2, 3], [6, 3, 0], [9, 3, 3], [9, 4, 0]], 'before and after the end of an epoch');
  t.same(await places({ everySeconds: 0.05 }, { stepMs: 30, blockSize: 1 }), [[2, 1, 2], [4, 2, 1], [6, 2, 3], [8, 3, 2], [9, 4, 0]], 'by the clock');
});

t.test('a run that goes on from any of its states ends as if it had not been interrupted', async (t) => {
  const script: Script = { loss: ({ step }) => 10 - step, validation: [3, 1, 2, 2.5, 2.6, 2.7], blockSize: 2 };
  const changes: Partial<TrainSettings> = {
    hasValidation: true, epochs: 6, checkpoints: { everySteps: 1 },
    schedule: { type: 'reduceOnPlateau', patience: 1, factor: 0.5 }, callbacks: [{ type: 'earlyStopping', patience: 3 }],
  };
  const whole = scripted(script);
  const reports = await collect(train(settings(whole, changes)));
  const [wanted, end] = [course(reports), reports.at(-1)];
  t.match(end, { reason: 'early_stopped', epochs: 5, bestEpoch: 2 });
  const checkpoints = ofType(reports, 'checkpoint');
  t.equal(checkpoints.length, 20, 'before and after each epoch\'s end');
  for (const { state, step } of checkpoints) {
    const scene = scripted(script);
    const later = await collect(train(settings(scene, { ...changes, from: decodeCheckpoint(Buffer.concat(encodeCheckpoint(state))) })));
    const { steps, epochs } = course(later);
    t.same(steps, wanted.steps.slice(step), `from step ${step}, batch ${state.batches}: its steps`);
    t.same(epochs, wanted.epochs.slice(state.epoch - 1), 'its epochs');
    t.same(later.at(-1), end, 'and its end');
    t.equal(scene.weight(), whole.weight(), 'with the same weights');
  }
});

t.test('a pause keeps the place, also within an epoch and its validation', async (t) => {
  const paused = (script: (pause: () => void) => Script): Promise<TrainReport[]> => {
    const pausing = new AbortController();
    return collect(train(settings(scripted(script(() => pausing.abort(PAUSE))), { signal: pausing.signal, hasValidation: true, epochs: 5, checkpoints: {} })));
  };
  const training = await paused((pause) => ({ blockSize: 1, onTrain: ([batch]) => void (batch!.step === 4 && pause()) }));
  t.match(training.at(-2), { type: 'checkpoint', epoch: 1, step: 5, state: { epoch: 2, batches: 2 } }, 'while it trains');
  t.match(training.at(-1), { type: 'end', reason: 'paused', steps: 5 }, 'and the end says so');
  const validating = await paused((pause) => ({ onValidationBatch: (batch) => void (batch === 1 && pause()) }));
  t.match(validating.at(-2), { type: 'checkpoint', epoch: 0, step: 3, state: { epoch: 1, batches: 3 } }, 'while it validates');
  t.match(validating.at(-1), { type: 'end', reason: 'paused', steps: 3 }, 'and the end says so');
});

t.test('more epochs may be asked for; who had stopped waits anew', async (t) => {
  const stopped = await collect(train(settings(scripted({ validation: [1, 2] }), { hasValidation: true, epochs: 4, callbacks: [{ type: 'earlyStopping' }], checkpoints: {} })));
  t.match(stopped.at(-1), { reason: 'early_stopped', epochs: 2 });
  const { state } = ofType(stopped, 'checkpoint')[0]!;
  const same = await collect(train(settings(scripted(), { hasValidation: true, epochs: 4, callbacks: [{ type: 'earlyStopping' }], from: state })));
  t.match(same, [{ type: 'end', reason: 'early_stopped', epochs: 2, metrics: { val_loss: 1 } }], 'without more there is nothing to do');
  const longer = { hasValidation: true, epochs: 4, callbacks: [{ type: 'earlyStopping' as const }], extendedAfter: 2 };
  const more = await collect(train(settings(scripted({ validation: [9, 9, 0.5, 0.4] }), { ...longer, from: state })));
  t.match(more.at(-1), { reason: 'completed', epochs: 4, bestEpoch: 4 }, 'with more it goes on, also where it had been asked for as many');
  const lost = await collect(train(settings(scripted({ validation: [1, 2, 0.5, 0.4] }), longer)));
  t.match(lost.at(-1), { reason: 'completed', epochs: 4, bestEpoch: 4 }, 'also when its states are lost');
});

t.test('a state of another run is refused', async (t) => {
  const { state } = ofType(await collect(train(settings(scripted(), { checkpoints: {} }))), 'checkpoint')[0]!;
  t.throws(() => train(settings(scripted(), { from: state, batchSize: 2 })), /another batch size/, 'of another batch size');
  t.throws(() => train(settings(scripted(), { from: state, callbacks: [{ type: 'earlyStopping' }] })), /0 callbacks/, 'of other callbacks');
});

t.test('the event loop turns between blocks', async (t) => {
  let turns = 0;
  let running = true;
  const turn = (): void => {
    turns += 1;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await collect(train(settings(scripted({ blockSize: 1 }), { epochs: 10 })));
  running = false;
  t.ok(turns >= 30, `so that messages arrive: ${turns} turns in 30 blocks`);
});
