// Batches that are computed in parts train as they do whole, in both engines.
import t from 'tap';
import { createCompiledEngine } from '../../../src/ml/engines/compiled/engine.js';
import type { Layer } from '../../../src/schemas/layers.js';
import { METRICS } from '../../../src/schemas/spec.js';
import { assertParity, disposed, examplesOf, greatestDeviation, openEager, openRuntimes, specOf, TOLERANCE, type ParityModel } from '../../helpers/engine-parity.js';
import { randomModels } from '../../helpers/random-models.js';

const runtimes = await openRuntimes();
const [fastest] = runtimes as [(typeof runtimes)[number]];

t.test('a compiled step in parts needs the memory of one part', async (t) => {
  const layers: Layer[] = [
    { type: 'conv2d', filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' },
    { type: 'batchNormalization' },
    { type: 'conv2d', filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' },
    { type: 'conv2d', filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' },
    { type: 'flatten' },
    { type: 'dense', units: 3 },
  ];
  const count = 384;
  /** By how much it raises the greatest memory that this process ever had: the smaller one comes first. */
  const raiseOf = async (gradientAccumulationSteps: number): Promise<number> => {
    const model: ParityModel = { model: { layers }, inputShape: [28, 28, 1], gradientAccumulationSteps };
    const before = process.resourceUsage().maxRSS;
    const session = await createCompiledEngine(specOf(model), fastest);
    session.bind('train', examplesOf(model, { count, from: 1 }));
    await session.train([{ indices: Int32Array.from({ length: count }, (_, i) => i), step: 0, epoch: 0, learningRate: 0.01 }]);
    session.dispose();
    return process.resourceUsage().maxRSS - before;
  };
  const inEight = await raiseOf(8);
  const whole = inEight + (await raiseOf(1));
  t.ok(inEight < whole / 2, `${Math.round(inEight / 1024)} MB instead of ${Math.round(whole / 1024)}`);
});

/** Batches of 5 and 3 examples: 3 + 2 and 2 + 1, 2 + 2 + 1 and one by one. */
const STEPS = [2, 3];

const MODELS: Record<string, ParityModel> = {
  'an image classifier with penalties and dropout': {
    model: {
      layers: [
        { type: 'conv2d', filters: 5, kernelSize: 2, activation: 'relu', kernelRegularizer: { l2: 0.01 } },
        { type: 'dropout', rate: 0.25 },
        { type: 'conv2d', filters: 16, kernelSize: 2, padding: 'same', strides: 2, activation: 'tanh' },
        { type: 'flatten' },
        { type: 'dropout', rate: 0.5 },
        { type: 'dense', units: 3, activation: 'softmax', biasRegularizer: { l1: 0.01 } },
      ],
    },
    inputShape: [5, 4, 3],
    loss: { type: 'categoricalCrossentropy', fromLogits: false },
    metrics: METRICS,
    optimizer: { type: 'adam' },
    learningRate: 0.005,
    bytes: true,
    preprocessing: [{ type: 'rescaling', scale: 1 / 127, offset: -1 }],
  },
  'an image for a target': {
    model: { layers: [{ type: 'conv2d', filters: 4, kernelSize: 2, activation: 'sigmoid' }, { type: 'conv2d', filters: 2, kernelSize: 2 }] },
    inputShape: [5, 4, 3],
    classCount: null,
    loss: { type: 'meanSquaredError', fromLogits: false },
    metrics: ['meanAbsoluteError'],
  },
};

for (const [title, model] of Object.entries(MODELS)) {
  t.test(title, async (t) => {
    const whole = await disposed(await openEager(model), model);
    for (const gradientAccumulationSteps of STEPS) {
      const inParts = { ...model, gradientAccumulationSteps };
      const { name, relative } = greatestDeviation(whole, await disposed(await openEager(inParts), inParts));
      t.ok(relative < TOLERANCE, `the eager engine learns the same in ${gradientAccumulationSteps} parts, to ${relative.toExponential(0)} (${name})`);
      await assertParity(t, `the compiled one in ${gradientAccumulationSteps} parts`, { model: inParts, runtimes });
    }
  });
}

t.test('batch normalization sees the parts, the same ones in both engines', async (t) => {
  const layers: Layer[] = [{ type: 'conv2d', filters: 5, kernelSize: 2 }, { type: 'batchNormalization' }, { type: 'reLU' }, { type: 'flatten' }, { type: 'dense', units: 3 }];
  const model: ParityModel = { model: { layers }, inputShape: [5, 4, 3] };
  const whole = await disposed(await openEager(model), model);
  for (const gradientAccumulationSteps of STEPS) {
    const inParts = { ...model, gradientAccumulationSteps };
    t.ok(greatestDeviation(whole, await disposed(await openEager(inParts), inParts)).relative > 0.01, 'it does not learn what it would from the whole batch');
    await assertParity(t, `the compiled engine in ${gradientAccumulationSteps} parts`, { model: inParts, runtimes });
  }
});

t.test('random models train in parts compiled as they do eagerly', async (t) => {
  for (const { title, model } of randomModels({ count: 8, seed: 11 })) await assertParity(t, title, { model: { ...model, gradientAccumulationSteps: 2 }, runtimes: [fastest] });
});
