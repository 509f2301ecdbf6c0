// Every layer of a run spec trains in the compiled engine to the numbers of the eager one, with the arguments that
// change what is computed. Sizes are odd, and channels no whole blocks of the runtime's.
import t from 'tap';
import type { Layer, LayerType } from '../../../src/schemas/layers.js';
import { assertParity, openRuntimes } from '../../helpers/engine-parity.js';

const INPUT = [9, 7, 3];
const head: Layer[] = [{ type: 'flatten' }, { type: 'dense', units: 3 }];
/** With weights, so that what follows has a gradient to hand back. */
const before: Layer = { type: 'conv2d', filters: 5, kernelSize: 2, strides: 2 };
const wide: Layer = { type: 'conv2d', filters: 18, kernelSize: 2, strides: 2 };

/** `activation` has a file of its own. */
const MODELS: Record<Exclude<LayerType, 'activation'>, Layer[][]> = {
  input: [[{ type: 'input', shape: INPUT }, ...head]],
  flatten: [[before, ...head], [wide, ...head]],
  reshape: [[before, { type: 'reshape', targetShape: [6, -1] }, ...head], [wide, { type: 'reshape', targetShape: [3, 4, 18] }, { type: 'conv2d', filters: 4, kernelSize: 2 }, ...head]],
  dense: [
    [{ type: 'flatten' }, { type: 'dense', units: 7, activation: 'relu', kernelRegularizer: { l1: 0.01, l2: 0.02 }, biasRegularizer: { l2: 0.1 } }, { type: 'dense', units: 3, useBias: false }],
    [{ type: 'dense', units: 5 }, ...head],
    [wide, { type: 'dense', units: 6, activation: 'sigmoid' }, ...head],
  ],
  conv2d: [
    [{ type: 'conv2d', filters: 5, kernelSize: [2, 3], strides: [2, 1], padding: 'same', activation: 'relu' }, { type: 'conv2d', filters: 19, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }, ...head],
    [{ type: 'conv2d', filters: 18, kernelSize: 2, strides: 3, activation: 'tanh', useBias: false }, { type: 'conv2d', filters: 17, kernelSize: 2, padding: 'valid' }, ...head],
    [before, { type: 'conv2d', filters: 20, kernelSize: 1, kernelRegularizer: { l2: 0.1 }, biasRegularizer: { l1: 0.01 } }, ...head],
    [wide, { type: 'conv2d', filters: 33, kernelSize: [4, 3], activation: 'elu' }, ...head],
    [wide, { type: 'conv2d', filters: 4, kernelSize: 5, padding: 'same', strides: [1, 2], activation: 'softmax' }, ...head],
    [wide, { type: 'conv2d', filters: 4, kernelSize: 1, strides: 2 }, ...head],
  ],
  depthwiseConv2d: [
    [before, { type: 'depthwiseConv2d', kernelSize: 3, depthMultiplier: 2, padding: 'same', activation: 'relu' }, ...head],
    [wide, { type: 'depthwiseConv2d', kernelSize: 2, strides: 2, useBias: false, depthwiseRegularizer: { l2: 0.1 } }, ...head],
    [{ type: 'depthwiseConv2d', kernelSize: [3, 2], depthMultiplier: 7, activation: 'tanh' }, { type: 'conv2d', filters: 4, kernelSize: 3 }, ...head],
  ],
  separableConv2d: [
    [before, { type: 'separableConv2d', filters: 18, kernelSize: 3, padding: 'same', depthMultiplier: 2, activation: 'relu' }, ...head],
    [wide, { type: 'separableConv2d', filters: 3, kernelSize: 2, strides: 2, useBias: false, depthwiseRegularizer: { l2: 0.1 }, pointwiseRegularizer: { l1: 0.01 } }, ...head],
  ],
  maxPooling2d: [
    [before, { type: 'maxPooling2d' }, ...head],
    [wide, { type: 'maxPooling2d', poolSize: 3, strides: 2, padding: 'same' }, ...head],
    [wide, { type: 'maxPooling2d', poolSize: [3, 2], strides: 1 }, { type: 'conv2d', filters: 4, kernelSize: 2 }, ...head],
  ],
  averagePooling2d: [
    [before, { type: 'averagePooling2d' }, ...head],
    [wide, { type: 'averagePooling2d', poolSize: [3, 2], strides: 1, padding: 'same' }, ...head],
    [before, { type: 'averagePooling2d', poolSize: 3, strides: 2, padding: 'same' }, ...head],
    [before, { type: 'averagePooling2d', poolSize: 2, strides: 3 }, ...head],
  ],
  globalAveragePooling2d: [[before, { type: 'globalAveragePooling2d' }, { type: 'dense', units: 3 }], [wide, { type: 'globalAveragePooling2d' }, { type: 'dense', units: 3 }]],
  globalMaxPooling2d: [[before, { type: 'globalMaxPooling2d' }, { type: 'dense', units: 3 }], [wide, { type: 'globalMaxPooling2d' }, { type: 'dense', units: 3 }]],
  dropout: [
    [before, { type: 'dropout', rate: 0.4 }, ...head],
    [wide, { type: 'dropout', rate: 0.1 }, { type: 'flatten' }, { type: 'dropout', rate: 0.5 }, { type: 'dense', units: 3 }],
    [before, { type: 'dropout', rate: 0 }, ...head],
  ],
  batchNormalization: [
    [before, { type: 'batchNormalization' }, ...head],
    [wide, { type: 'batchNormalization', scale: false, momentum: 0.5 }, { type: 'reLU' }, ...head],
    [wide, { type: 'batchNormalization', center: false, epsilon: 0.01, gammaRegularizer: { l2: 0.1 } }, ...head],
    [before, { type: 'batchNormalization', scale: false, center: false }, ...head],
    [wide, { type: 'batchNormalization', axis: 1, betaRegularizer: { l1: 0.1 } }, ...head],
    [before, { type: 'batchNormalization', axis: 2 }, ...head],
    [{ type: 'flatten' }, { type: 'dense', units: 6, useBias: false }, { type: 'batchNormalization', movingMeanInitializer: 'ones' }, { type: 'dense', units: 3 }],
    [{ type: 'reshape', targetShape: [9, 21] }, { type: 'dense', units: 4 }, { type: 'batchNormalization' }, ...head],
  ],
  layerNormalization: [
    [before, { type: 'layerNormalization' }, ...head],
    [wide, { type: 'layerNormalization', scale: false, epsilon: 0.01 }, ...head],
    [before, { type: 'layerNormalization', axis: 1, center: false }, ...head],
    [before, { type: 'layerNormalization', axis: 2, scale: false, center: false }, ...head],
    [{ type: 'flatten' }, { type: 'dense', units: 6 }, { type: 'layerNormalization' }, { type: 'dense', units: 3 }],
  ],
  reLU: [[before, { type: 'reLU' }, ...head], [wide, { type: 'reLU', maxValue: 0.5 }, ...head]],
  leakyReLU: [[before, { type: 'leakyReLU' }, ...head], [wide, { type: 'leakyReLU', alpha: 0.05 }, ...head]],
  elu: [[wide, { type: 'elu' }, ...head]],
  softmax: [[wide, { type: 'softmax', axis: -1 }, ...head], [before, { type: 'flatten' }, { type: 'dense', units: 4 }, { type: 'softmax', axis: 1 }, { type: 'dense', units: 3 }]],
};

const runtimes = await openRuntimes();

for (const [type, models] of Object.entries(MODELS)) {
  t.test(`a model with ${type} trains compiled as it does eagerly`, async (t) => {
    for (const layers of models) {
      const title = JSON.stringify(layers.findLast((layer) => layer.type === type));
      await assertParity(t, title, { model: { model: { layers }, inputShape: INPUT }, runtimes });
    }
  });
}
