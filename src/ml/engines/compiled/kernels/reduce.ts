// Kernels that make one number of many, and those that share a row out.
import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../graph.js';
import type { Layouts } from '../layouts.js';
import { Traced } from '../traced.js';
import type { KernelRule } from '../tracer.js';
import { affineChannelSums } from './affine.js';

function axesOf(traced: Traced, axis: unknown): number[] {
  return tf.util.parseAxisParam(axis as number | number[], [...traced.shape]);
}

function reducedShape(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size)) : shape.filter((_, axis) => !axes.includes(axis));
}

/** Sums over batch, height and width of a blocked image, `[channels]`: first within an image, then over images. */
function channelSums({ graph, block }: Layouts, image: Value, channels: number): Value {
  const [batch, blocks, height, width] = image.shape as [number, number, number, number, number];
  const sum = (value: Value, axis: number): Value =>
    graph.add('ReduceSum', [value, graph.ints([axis])], { shape: value.shape.filter((_, i) => i !== axis), attributes: { keepdims: 0 } });
  const perImage = sum(graph.reshape(image, [batch * blocks, height * width, block!]), 1);
  return graph.first(sum(graph.reshape(perImage, [batch, blocks * block!]), 0), 0, channels);
}

const reduce =
  (op: 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd'): KernelRule =>
  ({ inputs: { x }, attrs, layouts }) => {
    const { graph } = layouts;
    // TF.js' maximum alone names them otherwise.
    const axes = axesOf(x!, attrs.axis ?? attrs.reductionIndices);
    const shape = reducedShape(x!.shape, axes, attrs.keepDims === true);
    const isLinear = op === 'ReduceSum' || op === 'ReduceMean';
    if (isLinear && x!.livesBlocked && axes.join() === '0,1,2') {
      const channels = x!.shape[3]!;
      const ofImage = (image: Value): Value => channelSums(layouts, image, channels);
      const sums = affineChannelSums(layouts, x!, ofImage) ?? ofImage(layouts.blocked(x!));
      const count = x!.size / channels;
      const value = op === 'ReduceSum' ? sums : graph.add('Mul', [sums, graph.scalar(1 / count)], { shape: sums.shape });
      return new Traced(shape, 'float32', { plain: graph.reshape(value, shape) });
    }
    const dtype = x!.dtype === 'bool' ? 'int32' : x!.dtype;
    const value = graph.cast(layouts.full(x!), dtype);
    if (axes.length === 0) return new Traced(shape, dtype, { plain: value });
    return new Traced(shape, dtype, { plain: graph.add(op, [value, graph.ints(axes)], { shape, attributes: { keepdims: attrs.keepDims === true ? 1 : 0 } }) });
  };

const position =
  (op: 'ArgMax' | 'ArgMin'): KernelRule =>
  ({ inputs: { x }, attrs, layouts }) => {
    const [axis] = axesOf(x!, attrs.axis) as [number];
    const shape = reducedShape(x!.shape, [axis], false);
    const value = layouts.graph.add(op, [layouts.full(x!)], { shape, type: 'int64', attributes: { axis, keepdims: 0 } });
    return new Traced(shape, 'int32', { plain: layouts.graph.cast(value, 'int32') });
  };

export const reduceRules: Readonly<Record<string, KernelRule>> = {
  ArgMax: position('ArgMax'),
  ArgMin: position('ArgMin'),
  LogSoftmax: ({ inputs: { logits }, layouts }) =>
    new Traced(logits!.shape, 'float32', { plain: layouts.graph.add('LogSoftmax', [layouts.full(logits!)], { shape: logits!.shape, attributes: { axis: -1 } }) }),
  Max: reduce('ReduceMax'),
  Mean: reduce('ReduceMean'),
  Min: reduce('ReduceMin'),
  Prod: reduce('ReduceProd'),
  Softmax: ({ inputs: { logits }, attrs, layouts }) =>
    new Traced(logits!.shape, 'float32', { plain: layouts.graph.add('Softmax', [layouts.full(logits!)], { shape: logits!.shape, attributes: { axis: Number(attrs.dim ?? -1) } }) }),
  Sum: reduce('ReduceSum'),
};
