// Everything that a run spec can name trains on wasm, to the numbers of the cpu backend: a kernel that wasm
// lacks would show here.
import t, { type Test } from 'tap';
import { ACTIVATIONS, type Layer, type LayerType } from '../../../src/schemas/layers.js';
import { LOSSES } from '../../../src/schemas/spec.js';
import { OPTIMIZERS } from '../../../src/schemas/optimization.js';
import { distance, hasMoved, trainSteps, type SmallModel } from '../../helpers/train-steps.js';

const head: Layer[] = [{ type: 'flatten' }, { type: 'dense', units: 3 }];
const before: Layer = { type: 'conv2d', filters: 4, kernelSize: 3 };

/** Models that hold a layer of each type, with weights before it wherever it has a gradient to hand back. */
const MODELS: Record<LayerType, Layer[][]> = {
  input: [[{ type: 'input', shape: [6, 7, 2] }, ...head]],
  flatten: [[before, ...head]],
  reshape: [[before, { type: 'reshape', targetShape: [10, 8] }, ...head]],
  dense: [
    [{ type: 'flatten' }, { type: 'dense', units: 5, activation: 'relu', kernelRegularizer: { l1: 0.01, l2: 0.01 } }, { type: 'dense', units: 3, useBias: false }],
    [{ type: 'dense', units: 5 }, ...head],
  ],
  conv2d: [
    [before, { type: 'conv2d', filters: 3, kernelSize: [2, 3], strides: [2, 1], padding: 'same', activation: 'relu' }, ...head],
    [before, { type: 'conv2d', filters: 3, kernelSize: 2, strides: 3, activation: 'tanh', useBias: false }, ...head],
    [before, { type: 'conv2d', filters: 5, kernelSize: 1, kernelRegularizer: { l2: 0.1 } }, ...head],
  ],
  depthwiseConv2d: [
    [before, { type: 'depthwiseConv2d', kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu' }, ...head],
    [before, { type: 'depthwiseConv2d', kernelSize: 2, strides: 2 }, ...head],
  ],
  separableConv2d: [
    [before, { type: 'separableConv2d', filters: 3, kernelSize: 3, padding: 'same', depthMultiplier: 2, activation: 'relu' }, ...head],
    [before, { type: 'separableConv2d', filters: 3, kernelSize: 2, strides: 2 }, ...head],
  ],
  maxPooling2d: [
    [before, { type: 'maxPooling2d' }, ...head],
    [before, { type: 'maxPooling2d', poolSize: 3, strides: 2, padding: 'same' }, ...head],
  ],
  averagePooling2d: [
    [before, { type: 'averagePooling2d' }, ...head],
    [before, { type: 'averagePooling2d', poolSize: [3, 2], strides: 1, padding: 'same' }, ...head],
  ],
  globalAveragePooling2d: [[before, { type: 'globalAveragePooling2d' }, { type: 'dense', units: 3 }]],
  globalMaxPooling2d: [[before, { type: 'globalMaxPooling2d' }, { type: 'dense', units: 3 }]],
  dropout: [[before, { type: 'dropout', rate: 0.4 }, ...head]],
  batchNormalization: [
    [before, { type: 'batchNormalization' }, ...head],
    [before, { type: 'batchNormalization', scale: false, center: false, momentum: 0.5 }, ...head],
    [{ type: 'flatten' }, { type: 'dense', units: 6 }, { type: 'batchNormalization' }, { type: 'dense', units: 3 }],
  ],
  layerNormalization: [[before, { type: 'layerNormalization' }, ...head]],
  activation: ACTIVATIONS.map((activation) => [before, { type: 'activation', activation }, ...head]),
  reLU: [[before, { type: 'reLU' }, ...head], [before, { type: 'reLU', maxValue: 0.5 }, ...head]],
  leakyReLU: [[before, { type: 'leakyReLU' }, ...head]],
  elu: [[before, { type: 'elu' }, ...head]],
  softmax: [[before, { type: 'softmax', axis: -1 }, ...head], [before, { type: 'flatten' }, { type: 'dense', units: 4 }, { type: 'softmax' }, { type: 'dense', units: 3 }]],
};

async function compare(t: Test, title: string, model: SmallModel): Promise<void> {
  const expected = await trainSteps('cpu', model);
  const actual = await trainSteps('wasm', model);
  t.ok(hasMoved(expected), `${title} learns`);
  t.ok(distance(expected, actual) < 1e-4, `${title} learns the same on wasm`);
}

for (const [type, models] of Object.entries(MODELS)) {
  t.test(`a model with ${type} trains on wasm as on cpu`, async (t) => {
    for (const layers of models) await compare(t, JSON.stringify(layers.find((layer) => layer.type === type)), { layers });
  });
}

t.test('every loss trains on wasm as on cpu', async (t) => {
  for (const type of LOSSES) {
    await compare(t, type, { layers: [before, { type: 'flatten' }, { type: 'dense', units: 3, activation: 'softmax' }], loss: { type, fromLogits: false } });
    if (type.endsWith('Crossentropy')) await compare(t, `${type} from logits`, { layers: [before, ...head], loss: { type, fromLogits: true } });
  }
});

t.test('every optimizer trains on wasm as on cpu', async (t) => {
  for (const type of OPTIMIZERS) await compare(t, type, { layers: [before, { type: 'activation', activation: 'tanh' }, ...head], optimizer: { type } });
});
