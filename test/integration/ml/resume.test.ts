// An interrupted run goes on to the bit as if it had not been interrupted: in both engines, wherever it was cut.
import t from 'tap';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/ml/checkpoint-file.js';
import { createCompiledEngine, openRuntime } from '../../../src/ml/engines/compiled/engine.js';
import { createEagerEngine } from '../../../src/ml/engines/eager/engine.js';
import type { EngineSession, EngineSpec, Examples } from '../../../src/ml/engines/engine.js';
import { createEvaluator } from '../../../src/ml/evaluation.js';
import type { TrainReport } from '../../../src/ml/reports.js';
import { train, type TrainSettings } from '../../../src/ml/train.js';
import type { TrainState } from '../../../src/ml/train-state.js';
import { chain, classifierSpec, useCpu, wave } from '../../helpers/ml.js';

const COUNT = 22;
const SHAPE = [6, 6, 2];
const SIZE = 72;
const x = Uint8Array.from(wave(COUNT * SIZE, 3), (value) => Math.round((value + 0.5) * 255));
const y = Uint8Array.from({ length: COUNT }, (_, i) => (x[i * SIZE]! > 127 ? 2 : i % 2));
const examples: Examples = { x, y, count: COUNT, shape: SHAPE };
const graph = chain(SHAPE, [
  { type: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' },
  { type: 'batchNormalization' },
  { type: 'dropout', rate: 0.2 },
  { type: 'flatten' },
  { type: 'dense', units: 3, activation: 'softmax', kernelRegularizer: { l2: 0.01 } },
]);

const runtime = await openRuntime({ provider: 'cpu' });
const ENGINES = {
  eager: async (spec: EngineSpec) => {
    await useCpu();
    return createEagerEngine(spec);
  },
  compiled: (spec: EngineSpec) => createCompiledEngine(spec, runtime),
};

/** Bytes of what the run leaves, and all that it reported, without times. */
async function course(session: EngineSession, { from, everySteps }: { from?: TrainState | undefined; everySteps?: number }) {
  session.bind('train', examples);
  session.bind('validation', examples);
  const place = { split: 'train', from: 0 } as const;
  const evaluator = createEvaluator({ loss: { type: 'sparseCategoricalCrossentropy', fromLogits: false }, outputShape: session.outputShape, classCount: 3, labels: [], examples: { y, place } });
  const settings: TrainSettings = {
    session, trainCount: COUNT, hasValidation: true, evaluator, batchSize: 8, epochs: 4, seed: 5, shuffle: true, learningRate: 0.01, metrics: ['accuracy'],
    schedule: { type: 'reduceOnPlateau', patience: 0, factor: 0.5, minDelta: 0.2 }, callbacks: [{ type: 'earlyStopping', monitor: 'val_accuracy', patience: 3 }],
    checkpoints: { everySteps }, from, signal: new AbortController().signal, now: () => performance.now(),
  };
  const reports: TrainReport[] = [];
  for await (const report of train(settings)) reports.push(report);
  const { weights, optimizer } = await session.getState();
  session.dispose();
  const steps = reports.flatMap((report) => (report.type === 'steps' ? report.steps.map((step, i) => [step, report.epoch, ...Object.values(report.series).map((series) => series[i])]) : []));
  const epochs = reports.flatMap((report) => (report.type === 'epoch' ? [{ epoch: report.epoch, ...report.metrics, best: report.best, evaluation: report.evaluation }] : []));
  return { reports, steps, epochs, end: reports.at(-1), state: [...weights, ...optimizer] };
}

for (const [name, create] of Object.entries(ENGINES)) {
  t.test(`the ${name} engine`, async (t) => {
    const open = () => create(classifierSpec({ graph, inputShape: SHAPE, preprocessing: [{ type: 'rescaling', scale: 1 / 255 }], optimizer: { type: 'adam' } }));
    const whole = await course(await open(), {});
    const cut = await course(await open(), { everySteps: 1 });
    t.strictSame([cut.steps, cut.epochs, cut.end, cut.state], [whole.steps, whole.epochs, whole.end, whole.state], 'taking checkpoints changes nothing');
    t.ok(whole.epochs.every(({ evaluation }) => evaluation !== undefined), 'each epoch has an evaluation');
    const checkpoints = cut.reports.filter((report) => report.type === 'checkpoint');
    t.equal(checkpoints.length, 16, 'one after each step, and one after each epoch');
    for (const { state, step } of checkpoints) {
      const later = await course(await open(), { from: decodeCheckpoint(Buffer.concat(encodeCheckpoint(state))) });
      t.strictSame(later.steps, whole.steps.slice(step), `from step ${step}, batch ${state.batches} of epoch ${state.epoch}: losses and metrics of each step`);
      t.strictSame(later.epochs, whole.epochs.slice(state.epoch - 1), 'of each epoch, with its evaluation');
      t.strictSame([later.end, later.state], [whole.end, whole.state], 'the end, and every weight and slot');
    }
  });
}
