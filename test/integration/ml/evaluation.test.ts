// The evaluation of an epoch, through both engines on real digits: the same matrix from both, that which the stored model's
// own predictions make up, and in step with the accuracy that is reported.
import t, { type Test } from 'tap';
import { loadMnist } from '../../../src/datasets/mnist.js';
import { createCompiledEngine, openRuntime } from '../../../src/ml/engines/compiled/engine.js';
import { selectBackend } from '../../../src/ml/engines/eager/backends.js';
import { createEagerEngine } from '../../../src/ml/engines/eager/engine.js';
import { sliceExamples, takeExamples } from '../../../src/ml/data.js';
import type { EngineSession, EngineSpec, ModelFiles } from '../../../src/ml/engines/engine.js';
import { createEvaluator, type Evaluation } from '../../../src/ml/evaluation.js';
import type { GraphLayer } from '../../../src/ml/graph-types.js';
import { loadModel, predict } from '../../../src/ml/model-files.js';
import type { EpochReport } from '../../../src/ml/reports.js';
import { sum } from '../../../src/metrics/class-metrics.js';
import { train, type TrainSettings } from '../../../src/ml/train.js';
import { chain, classifierSpec } from '../../helpers/ml.js';

const { train: digits, test } = await loadMnist();
const SHAPE = [28, 28, 1];
/** No multiple of the batch, nor of the batches that a call takes. */
const COUNT = 2500;
const training = takeExamples(digits, 1280);
const FROM = 3000;
const validation = { ...sliceExamples(test, FROM, FROM + COUNT), place: { split: 'test', from: FROM } } as const;
const runtime = await openRuntime({ provider: 'cpu' });

const ENGINES = {
  eager: async (spec: EngineSpec) => {
    await selectBackend({ device: 'cpu', backend: 'wasm' });
    return createEagerEngine(spec);
  },
  compiled: (spec: EngineSpec) => createCompiledEngine(spec, runtime),
};

const relu: GraphLayer[] = [{ type: 'flatten' }, { type: 'dense', units: 32, activation: 'relu' }, { type: 'dropout', rate: 0.2 }];
const small: GraphLayer[] = [{ type: 'conv2d', filters: 4, kernelSize: 5, strides: 3, activation: 'relu' }, { type: 'flatten' }];
const MODELS: Record<string, Pick<EngineSpec, 'loss' | 'graph'> & Partial<EngineSpec>> = {
  softmax: { graph: chain(SHAPE, [...relu, { type: 'dense', units: 10, activation: 'softmax' }]), loss: { type: 'categoricalCrossentropy', fromLogits: false } },
  logits: { graph: chain(SHAPE, [...small, { type: 'dense', units: 10 }]), loss: { type: 'sparseCategoricalCrossentropy', fromLogits: true } },
  'a sigmoid for each class, in parts': { graph: chain(SHAPE, [...relu, { type: 'dense', units: 10, activation: 'sigmoid' }]), loss: { type: 'binaryCrossentropy', fromLogits: false }, gradientAccumulationSteps: 3 },
};

async function course(session: EngineSession, spec: EngineSpec): Promise<EpochReport[]> {
  session.bind('train', training);
  session.bind('validation', validation);
  const evaluator = createEvaluator({ ...spec, outputShape: session.outputShape, labels: [], examples: validation });
  const settings: TrainSettings = {
    session, trainCount: training.count, hasValidation: true, evaluator, batchSize: 128, epochs: 2, seed: 3, shuffle: true, learningRate: 0.002, metrics: ['accuracy'],
    schedule: { type: 'constant' }, callbacks: [], signal: new AbortController().signal, now: () => performance.now(),
  };
  const epochs: EpochReport[] = [];
  for await (const report of train(settings)) if (report.type === 'epoch') epochs.push(report);
  return epochs;
}

const total = ({ confusionMatrix }: Evaluation) => confusionMatrix.flat().reduce((sum, count) => sum + count, 0);
const right = ({ confusionMatrix }: Evaluation) => confusionMatrix.reduce((sum, row, index) => sum + row[index]!, 0);

/** With nothing of what made it: out of the stored model's probabilities for the very same examples. */
async function checkAgainstModel(t: Test, files: ModelFiles, evaluation: Evaluation): Promise<void> {
  await selectBackend({ device: 'cpu', backend: 'wasm' });
  const loaded = await loadModel(JSON.parse(JSON.stringify(files.modelJson)) as Record<string, unknown>, files.weightData);
  const outputs = await predict(loaded, validation.x, COUNT);
  loaded.model.dispose();
  const matrix = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  const predicted = Array.from({ length: COUNT }, (_, i) => {
    const row = [...outputs.subarray(i * 10, i * 10 + 10)];
    return row.indexOf(Math.max(...row));
  });
  predicted.forEach((one, i) => (matrix[validation.y[i]!]![one]! += 1));
  const moved = matrix.flatMap((row, i) => row.map((count, j) => Math.abs(count - evaluation.confusionMatrix[i]![j]!))).reduce((sum, one) => sum + one, 0);
  t.ok(moved <= 4, `${moved} counts of the matrix differ from the stored model's own predictions`);
  for (const { index, trueClass, predictedClass } of evaluation.samples.slice(0, 40)) {
    t.same([trueClass, predictedClass], [test.y[index], predicted[index - FROM]], `example ${index} is the data set's`);
  }
}

for (const [title, changes] of Object.entries(MODELS)) {
  t.test(title, async (t) => {
    const spec = classifierSpec({ inputShape: SHAPE, classCount: 10, preprocessing: [{ type: 'rescaling', scale: 1 / 255 }], optimizer: { type: 'adam' }, ...changes });
    const found: Record<string, EpochReport[]> = {};
    for (const [name, create] of Object.entries(ENGINES)) {
      const session = await create(spec);
      found[name] = await course(session, spec);
      for (const { epoch, evaluation, metrics } of found[name]) {
        t.equal(total(evaluation!), COUNT, `${name}: every validation example is counted after epoch ${epoch}`);
        t.ok(Math.abs(right(evaluation!) / COUNT - metrics.val_accuracy!) < 1e-6, `and the right ones are the accuracy, ${metrics.val_accuracy}`);
        t.equal(evaluation!.samples.length, 60);
        t.equal(evaluation!.samples.filter(({ trueClass, predictedClass }) => trueClass !== predictedClass).length, Math.min(60, COUNT - right(evaluation!)), 'the wrong ones are shown before the right ones');
      }
      await checkAgainstModel(t, await session.save(), found[name].at(-1)!.evaluation!);
      session.dispose();
    }
    for (const [i, eager] of found.eager!.entries()) {
      const [a, b] = [eager.evaluation!, found.compiled![i]!.evaluation!];
      const moved = a.confusionMatrix.flatMap((row, true_) => row.map((count, predicted) => Math.abs(count - b.confusionMatrix[true_]![predicted]!))).reduce((sum, one) => sum + one, 0);
      // Whose two best outputs are equal to rounding may go either way.
      t.ok(moved <= 4, `both engines have the same matrix after epoch ${i + 1}, but for ${moved}`);
      t.same(a.samples.slice(0, 5).map(({ index }) => index), b.samples.slice(0, 5).map(({ index }) => index), 'and the same most wrong examples');
    }
  });
}

t.test('outputs that are NaN are counted as such', async (t) => {
  const spec = classifierSpec({ inputShape: SHAPE, classCount: 10, ...MODELS.softmax! });
  for (const [name, create] of Object.entries(ENGINES)) {
    const session = await create(spec);
    t.teardown(() => session.dispose());
    session.bind('validation', validation);
    session.setWeights((await session.getWeights()).map((weight, i, { length }) => (i === length - 1 ? { ...weight, data: weight.data.map(() => NaN) as Float32Array } : weight)));
    const tally = createEvaluator({ ...spec, outputShape: session.outputShape, labels: [], examples: validation })!.begin();
    await session.evaluate('validation', 128, { onOutputs: (outputs, from) => tally.add(outputs, from) });
    t.equal(sum(tally.evaluation().unpredictedCounts), COUNT, name);
    t.same(tally.evaluation().samples, []);
    t.equal(total(tally.evaluation()), 0);
  }
});
