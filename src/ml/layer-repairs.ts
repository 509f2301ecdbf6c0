// Layers of TF.js 4.22 that train or save wrongly, put right on the instance, so that what is saved stays
// a plain layer of theirs. Each repair says what it is for.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type Layer = tfl.layers.Layer;

/** Fields that TF.js declares private. */
interface Internals {
  axis: number | number[];
  gamma: { read(): tf.Tensor } | null;
  beta: { read(): tf.Tensor } | null;
  movingMean: { read(): tf.Tensor };
}
const internalsOf = (layer: Layer): Internals => layer as unknown as Internals;

/** Adds to what the layer says of itself when it is saved. */
function withConfig(layer: Layer, more: Record<string, tf.serialization.ConfigDictValue>): Layer {
  const getConfig = layer.getConfig.bind(layer);
  layer.getConfig = () => ({ ...getConfig(), ...more });
  return layer;
}

/** In training it reads gamma and beta also when it has none: it gets ones and zeros. */
export function repairedBatchNormalization(args: Parameters<typeof tfl.layers.batchNormalization>[0]): Layer {
  const layer = tfl.layers.batchNormalization(args);
  const internals = internalsOf(layer);
  if (args?.scale === false) internals.gamma = { read: () => tf.onesLike(internals.movingMean.read()) };
  if (args?.center === false) internals.beta = { read: () => tf.zerosLike(internals.movingMean.read()) };
  return layer;
}

/**
 * Applies a layer that works along the last axis (the gradient and the CPU kernel of batch normalization
 * know no other) along `axis`, between two permutations that are layers of the model themselves.
 */
export function applyAlong(layer: Layer, x: tfl.SymbolicTensor, axis: number): tfl.SymbolicTensor {
  const index = axis < 0 ? axis + x.rank : axis;
  const isPossible = Number.isInteger(index) && index > 0 && index < x.rank;
  if (!isPossible) throw new Error(`there is no axis ${axis} but the batch in an input of rank ${x.rank}`);
  if (index === x.rank - 1) return layer.apply(x) as tfl.SymbolicTensor;
  // Counted as Permute does: from 1 on, without the batch.
  const toEnd = Array.from({ length: x.rank - 1 }, (_, i) => i + 1).filter((i) => i !== index).concat(index);
  const back = toEnd.map((_, i) => toEnd.indexOf(i + 1) + 1);
  const permuted = (dims: number[], name: string, input: tfl.SymbolicTensor) =>
    tfl.layers.permute({ dims, name: `${layer.name}/${name}` }).apply(input) as tfl.SymbolicTensor;
  const y = layer.apply(permuted(toEnd, 'axis_to_end', x)) as tfl.SymbolicTensor;
  return permuted(back, 'axis_back', y);
}

/** Its gradient needs gamma and beta: without them it gets ones and zeros that are no weights. */
export function repairedLayerNormalization(args: Parameters<typeof tfl.layers.layerNormalization>[0]): Layer {
  const layer = tfl.layers.layerNormalization(args);
  const { scale = true, center = true } = args ?? {};
  const build = layer.build.bind(layer);
  layer.build = (inputShape) => {
    build(inputShape);
    const internals = internalsOf(layer);
    const shape = [internals.axis].flat().map((axis) => (inputShape as number[])[axis]!);
    if (!scale) Object.assign(internals, { scale: true, gamma: { read: () => tf.ones(shape) } });
    if (!center) Object.assign(internals, { center: true, beta: { read: () => tf.zeros(shape) } });
  };
  return withConfig(layer, { scale, center });
}

/** It saves its regularizer once more as a constraint, which loading then applies. */
export function repairedDepthwiseConv2d(args: Parameters<typeof tfl.layers.depthwiseConv2d>[0]): Layer {
  return withConfig(tfl.layers.depthwiseConv2d(args), { depthwiseConstraint: null });
}

/** It does not save its depth multiplier. */
export function repairedSeparableConv2d(args: Parameters<typeof tfl.layers.separableConv2d>[0]): Layer {
  return withConfig(tfl.layers.separableConv2d(args), { depthMultiplier: args.depthMultiplier ?? 1 });
}
