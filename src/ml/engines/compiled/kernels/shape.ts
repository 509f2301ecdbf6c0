// Kernels that move numbers without changing them.
import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../graph.js';
import { Traced } from '../traced.js';
import type { KernelRule } from '../tracer.js';
import { UncapturableError } from '../tracer.js';

const moved = (traced: Traced, value: Value): Traced => new Traced(value.shape, traced.dtype, { plain: value });

const reshape: KernelRule = (call) => {
  const { x } = call.inputs;
  const shape = tf.util.inferFromImplicitShape(call.attrs.shape as number[], x!.size);
  if (shape.join() === x!.shape.join()) return x!;
  const { uniform, host } = x!.forms;
  if (uniform !== undefined) return new Traced(shape, x!.dtype, { uniform });
  if (host !== undefined) return new Traced(shape, x!.dtype, { host });
  return moved(x!, call.layouts.graph.reshape(call.layouts.full(x!), shape));
};

const concat: KernelRule = ({ inputs, attrs, layouts }) => {
  const parts = Object.values(inputs).filter(({ size }) => size > 0);
  const [axis] = tf.util.parseAxisParam(Number(attrs.axis), [...parts[0]!.shape]) as [number];
  const shape = tf.backend_util.computeOutShape(parts.map((part) => [...part.shape]), axis);
  return moved(parts[0]!, layouts.graph.add('Concat', parts.map((part) => layouts.full(part)), { shape, attributes: { axis } }));
};

/** New axis `axis` over tensors of one shape. */
const pack: KernelRule = ({ inputs, attrs, layouts }) => {
  const { graph } = layouts;
  const parts = Object.values(inputs);
  const axis = Number(attrs.axis);
  const one = [...parts[0]!.shape.slice(0, axis), 1, ...parts[0]!.shape.slice(axis)];
  const shape = one.map((size, i) => (i === axis ? parts.length : size));
  return moved(parts[0]!, graph.add('Concat', parts.map((part) => graph.reshape(layouts.full(part), one)), { shape, attributes: { axis } }));
};

const slice: KernelRule = ({ inputs: { x }, attrs, layouts }) => {
  const [begin, size] = tf.slice_util.parseSliceParams(tfShape(x!), attrs.begin as number[], attrs.size as number[]);
  const { graph } = layouts;
  return moved(x!, begin!.reduce((value, from, axis) => graph.slice(value, { axis, from, size: size![axis]! }), layouts.full(x!)));
};

/** The slice parser asks a tensor for its rank and shape only. */
const tfShape = ({ shape }: Traced): tf.Tensor => ({ shape: [...shape], rank: shape.length }) as unknown as tf.Tensor;

const split: KernelRule = ({ inputs: { x }, attrs, layouts }) => {
  const [axis] = tf.util.parseAxisParam(Number(attrs.axis), [...x!.shape]) as [number];
  const sizes = tf.backend_util.prepareSplitSize(tfShape(x!), attrs.numOrSizeSplits as number | number[], axis);
  let from = 0;
  return sizes.map((size) => {
    const part = layouts.graph.slice(layouts.full(x!), { axis, from, size });
    from += size;
    return moved(x!, part);
  });
};

const transpose: KernelRule = ({ inputs: { x }, attrs, layouts }) => moved(x!, layouts.graph.transpose(layouts.full(x!), attrs.perm as number[]));

const pad: KernelRule = ({ inputs: { x }, attrs, layouts }) => {
  if (Number(attrs.constantValue ?? 0) !== 0) throw new UncapturableError('PadV2 with another number than 0');
  const paddings = attrs.paddings as [number, number][];
  return moved(x!, layouts.graph.pad(layouts.full(x!), paddings.map(([before]) => before), paddings.map(([, after]) => after)));
};

/** Repeats: a value of size 1 along the axis is left as small as it is. */
const tile: KernelRule = ({ inputs: { x }, attrs, layouts }) => {
  const reps = attrs.reps as number[];
  const shape = x!.shape.map((size, axis) => size * reps[axis]!);
  const { uniform } = x!.forms;
  if (uniform !== undefined) return new Traced(shape, x!.dtype, { uniform });
  if (x!.shape.every((size, axis) => size === 1 || reps[axis] === 1)) return new Traced(shape, x!.dtype, { plain: layouts.graph.reshape(layouts.full(x!), x!.shape) });
  return moved(x!, layouts.graph.add('Tile', [layouts.full(x!), layouts.graph.ints(reps)], { shape }));
};

export const shapeRules: Readonly<Record<string, KernelRule>> = {
  Concat: concat,
  ExpandDims: (call) => {
    const { x } = call.inputs;
    const dim = Number(call.attrs.dim);
    const at = dim < 0 ? x!.shape.length + dim + 1 : dim;
    return reshape({ ...call, layouts: call.layouts, attrs: { shape: [...x!.shape.slice(0, at), 1, ...x!.shape.slice(at)] } });
  },
  Pack: pack,
  PadV2: pad,
  Reshape: reshape,
  Slice: slice,
  SplitV: split,
  Tile: tile,
  Transpose: transpose,
};
