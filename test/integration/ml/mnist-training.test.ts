// Real digits through the whole core: data, engine, loop, files, on the fast backend that is always there.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import t from 'tap';
import { loadMnist } from '../../../src/datasets/mnist.js';
import { takeExamples } from '../../../src/ml/data.js';
import { createEagerEngine } from '../../../src/ml/engines/eager/engine.js';
import { selectBackend } from '../../../src/ml/engines/eager/backends.js';
import type { EngineSession, EngineSpec } from '../../../src/ml/engines/engine.js';
import type { GraphLayer } from '../../../src/ml/graph-types.js';
import { loadModel, predict, withLabels } from '../../../src/ml/model-files.js';
import type { EndReport, TrainReport } from '../../../src/ml/reports.js';
import { train } from '../../../src/ml/train.js';
import { chain, near } from '../../helpers/ml.js';

const SHAPE = [28, 28, 1];
const SOFTMAX: GraphLayer[] = [{ type: 'flatten' }, { type: 'dense', name: 'out', units: 10, activation: 'softmax' }];
const DROPOUT: GraphLayer[] = [
  { type: 'flatten' },
  { type: 'dense', units: 32, activation: 'relu' },
  { type: 'batchNormalization' },
  { type: 'dropout', rate: 0.3 },
  { type: 'dense', units: 10, activation: 'softmax' },
];
const data = await loadMnist();

function open(layers: GraphLayer[], changes: Partial<EngineSpec> = {}): Promise<EngineSession> {
  return createEagerEngine({
    graph: chain(SHAPE, layers),
    inputShape: SHAPE,
    classCount: 10,
    preprocessing: [{ type: 'rescaling', scale: 1 / 255 }],
    optimizer: { type: 'adam' },
    loss: { type: 'categoricalCrossentropy', fromLogits: false },
    metrics: ['accuracy'],
    seed: 42,
    ...changes,
  });
}

interface Fit {
  count: number;
  epochs?: number;
  learningRate?: number;
  hasValidation?: boolean;
  seed?: number;
}

async function fit(session: EngineSession, { count, epochs = 1, learningRate = 0.001, hasValidation = false, seed = 42 }: Fit): Promise<TrainReport[]> {
  session.bind('train', takeExamples(data.train, count));
  if (hasValidation) session.bind('validation', data.test);
  const reports: TrainReport[] = [];
  const settings = { batchSize: 100, shuffle: true, schedule: { type: 'constant' as const }, metrics: ['accuracy' as const], callbacks: [] };
  const run = train({ ...settings, session, trainCount: count, hasValidation, epochs, seed, learningRate, signal: new AbortController().signal, now: () => performance.now() });
  for await (const report of run) reports.push(report);
  return reports;
}
const losses = (reports: TrainReport[]): number[] => reports.flatMap((report) => (report.type === 'steps' ? report.series.loss! : []));

t.before(async () => {
  await selectBackend({ device: 'cpu', backend: 'wasm' });
});

t.test('a softmax reads digits it has not seen after one epoch on 10,000', async (t) => {
  const session = await open(SOFTMAX);
  t.teardown(() => session.dispose());
  t.equal(session.backend, 'wasm', 'on wasm');
  const end = (await fit(session, { count: 10_000, learningRate: 0.005, hasValidation: true })).at(-1) as EndReport;
  t.ok(end.metrics.val_accuracy! > 0.85, `test accuracy ${end.metrics.val_accuracy}`);
  t.equal(end.steps, 100, 'in a hundred steps');

  const files = withLabels(await session.save(), data.labels);
  const digits = takeExamples(data.test, 300);
  const found = await session.predict(digits.x, 300);
  const loaded = await loadModel(JSON.parse(JSON.stringify(files.modelJson)) as Record<string, unknown>, files.weightData);
  near(t, await predict(loaded, digits.x, 300), found, { message: 'the saved model predicts the same from raw pixels', tolerance: 1e-6 });
  loaded.model.dispose();

  const json = files.modelJson as unknown as tf.io.ModelJSON;
  const weightSpecs = json.weightsManifest.flatMap(({ weights }) => weights);
  const plain = await tfl.loadLayersModel(tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs, weightData: files.weightData.slice().buffer }));
  const output = tf.tidy(() => (plain.predict(tf.div(tf.tensor(Float32Array.from(digits.x), [300, ...SHAPE]), 255)) as tf.Tensor).dataSync());
  near(t, output, found, { message: 'and in plain TF.js, from scaled pixels', tolerance: 1e-5 });
  plain.dispose();
});

t.test('the seed decides every loss of a run', async (t) => {
  const run = async (seed: number): Promise<number[]> => {
    const session = await open(DROPOUT, { seed });
    const found = losses(await fit(session, { count: 1000, epochs: 2, seed }));
    session.dispose();
    return found;
  };
  const first = await run(1);
  t.equal(first.length, 20, 'of two epochs');
  t.same(await run(1), first, 'the same seed gives the same, dropout and shuffle included');
  t.notSame(await run(2), first, 'another seed others');
});

t.test('a run does not pile up tensors', async (t) => {
  const session = await open(DROPOUT);
  t.teardown(() => session.dispose());
  await fit(session, { count: 500 });
  const before = tf.memory().numTensors;
  await fit(session, { count: 500, epochs: 2 });
  t.equal(tf.memory().numTensors, before, 'two more epochs need no more');
});

t.test('the same seed starts from the same weights on cpu, and learns alike', async (t) => {
  const onWasm = await open(DROPOUT);
  const wasmWeights = await onWasm.getWeights();
  const wasmLosses = losses(await fit(onWasm, { count: 300 }));
  onWasm.dispose();
  await selectBackend({ device: 'cpu', backend: 'cpu' });
  const onCpu = await open(DROPOUT);
  t.same((await onCpu.getWeights()).map(({ data: values }) => Buffer.from(values.buffer).toString('hex').slice(0, 64)), wasmWeights.map(({ data: values }) => Buffer.from(values.buffer).toString('hex').slice(0, 64)), 'bit for bit');
  near(t, losses(await fit(onCpu, { count: 300 })), wasmLosses, { message: 'three steps agree', tolerance: 1e-4 });
  onCpu.dispose();
});
