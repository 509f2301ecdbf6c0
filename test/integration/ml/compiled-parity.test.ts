// Losses, metrics and optimizers with their variants, and whole models, train in the compiled engine to the numbers of
// the eager one.
import t from 'tap';
import type { MetricName } from '../../../src/schemas/spec.js';
import { LOSSES, METRICS } from '../../../src/schemas/spec.js';
import type { Layer } from '../../../src/schemas/layers.js';
import type { Optimizer } from '../../../src/schemas/optimization.js';
import { assertParity, openRuntimes, type ParityModel } from '../../helpers/engine-parity.js';
import { randomModels } from '../../helpers/random-models.js';

const runtimes = await openRuntimes();
const [fastest] = runtimes as [(typeof runtimes)[number]];

const IMAGE = [5, 4, 3];
const body: Layer[] = [{ type: 'conv2d', filters: 5, kernelSize: 2, activation: 'tanh', kernelRegularizer: { l2: 0.01 } }];
const ending = (units: number, activation: 'linear' | 'sigmoid' | 'softmax'): Layer[] => [...body, { type: 'flatten' }, { type: 'dense', units, activation }];

interface Case extends Pick<ParityModel, 'classCount'> {
  title: string;
  layers: Layer[];
  metrics?: readonly MetricName[];
}

/** Outputs that are probabilities, and what they are compared with. */
const PROBABILITIES: Case[] = [
  { title: 'classes', layers: ending(3, 'softmax') },
  { title: 'two classes by one output', layers: ending(1, 'sigmoid'), classCount: 2 },
  { title: 'several targets', layers: ending(4, 'sigmoid'), classCount: null },
];
const LOGITS: Case[] = [
  { title: 'classes', layers: ending(3, 'linear') },
  { title: 'two classes by one output', layers: ending(1, 'linear'), classCount: 2 },
  { title: 'several targets', layers: ending(4, 'linear'), classCount: null },
];

for (const type of LOSSES) {
  t.test(`${type} and all metrics are the same compiled`, async (t) => {
    const isCrossentropy = type.endsWith('Crossentropy');
    const choices = isCrossentropy ? [[false, PROBABILITIES], [true, LOGITS]] as const : [[false, PROBABILITIES]] as const;
    for (const [fromLogits, cases] of choices) {
      for (const { title, layers, classCount } of cases) {
        // One output that is normalised is always 1, and its gradient nothing but rounding.
        if (classCount === 2 && type.endsWith('ategoricalCrossentropy')) continue;
        if (classCount === null && type === 'sparseCategoricalCrossentropy') continue;
        const model: ParityModel = { model: { layers }, inputShape: IMAGE, loss: { type, fromLogits }, metrics: METRICS, ...(classCount === undefined ? {} : { classCount }) };
        await assertParity(t, `${title}${fromLogits ? ' from logits' : ''}`, { model, runtimes: [fastest] });
      }
    }
    if (isCrossentropy) return;
    const image: ParityModel = { model: { layers: [...body, { type: 'conv2d', filters: 2, kernelSize: 2 }] }, inputShape: IMAGE, classCount: null, loss: { type, fromLogits: false }, metrics: ['accuracy', 'meanSquaredError', 'meanAbsoluteError'] };
    await assertParity(t, 'an image as target', { model: image, runtimes });
  });
}

const OPTIMIZERS: [Optimizer, learningRate: number][] = [
  [{ type: 'sgd' }, 0.1],
  [{ type: 'sgd', momentum: 0.9 }, 0.02],
  [{ type: 'sgd', momentum: 0.8, nesterov: true }, 0.02],
  [{ type: 'rmsprop' }, 0.01],
  [{ type: 'rmsprop', rho: 0.8, momentum: 0.5, epsilon: 1e-4 }, 0.01],
  [{ type: 'rmsprop', centered: true, epsilon: 1e-3 }, 0.01],
  [{ type: 'rmsprop', centered: true, momentum: 0.7, epsilon: 1e-3 }, 0.01],
  [{ type: 'adagrad' }, 0.1],
  [{ type: 'adagrad', initialAccumulatorValue: 0.5 }, 0.1],
  [{ type: 'adadelta' }, 1],
  [{ type: 'adadelta', rho: 0.8, epsilon: 1e-5 }, 1],
  [{ type: 'adam' }, 0.01],
  [{ type: 'adam', beta1: 0.7, beta2: 0.9, epsilon: 1e-3 }, 0.01],
  [{ type: 'adamax' }, 0.01],
  [{ type: 'adamax', beta1: 0.7, beta2: 0.9, epsilon: 1e-3 }, 0.01],
];

t.test('every optimizer takes the same steps compiled', async (t) => {
  const layers: Layer[] = [...body, { type: 'dropout', rate: 0.25 }, { type: 'flatten' }, { type: 'dense', units: 3, biasRegularizer: { l1: 0.01 } }];
  for (const [optimizer, learningRate] of OPTIMIZERS) {
    const model: ParityModel = { model: { layers }, inputShape: IMAGE, optimizer, learningRate, bytes: true, preprocessing: [{ type: 'rescaling', scale: 1 / 127, offset: -1 }] };
    await assertParity(t, JSON.stringify(optimizer), { model, runtimes: [fastest] });
  }
});

t.test('random models train compiled as they do eagerly', async (t) => {
  for (const { title, model } of randomModels({ count: 24, seed: 3 })) await assertParity(t, title, { model, runtimes: [fastest] });
});
