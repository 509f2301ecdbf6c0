// Convolutions and their gradients by ONNX Runtime's blocked convolution, its fastest on CPUs by far. The runtime
// itself uses it only where filters are constants; here the filters are brought into its layout in each step, which
// costs little beside the convolution. All three products of a training step become convolutions of that kind.
import type { Value } from '../graph.js';
import type { Layouts } from '../layouts.js';
import { Traced, type Lazy } from '../traced.js';
import { padsOf, tapsOf, type Convolution } from './convolution-geometry.js';
import { channelsFirst } from './convolution-channels-first.js';

interface ConvOptions {
  output: readonly number[];
  kernel: readonly number[];
  strides?: readonly number[];
  dilations?: readonly number[];
  pads: readonly number[];
  activation?: 'Relu' | undefined;
}

/** On and to `[batch, padded channels, height, width]`; an image with fewer channels than a block is not blocked. */
function conv(layouts: Layouts, inputs: readonly [Value, Value, ...Value[]], { output, kernel, strides = [1, 1], dilations = [1, 1], pads, activation }: ConvOptions): Value {
  const [image, filter] = inputs;
  const attributes = { kernel_shape: kernel, strides, dilations, pads, group: 1, ...(activation === undefined ? {} : { activation }) };
  return layouts.blockedOperator('Conv', inputs, { shape: [image.shape[0]!, filter.shape[0]!, ...output], attributes });
}

/** `[height, width, in, out]` with whole blocks of both channels, in the runtime's order. */
function blockFilter(layouts: Layouts, filter: Value): Value {
  const { graph, block } = layouts;
  const [height, width, inputs, outputs] = filter.shape as [number, number, number, number];
  const [paddedIn, paddedOut] = [layouts.padded(inputs), layouts.padded(outputs)];
  const whole = graph.pad(filter, [0, 0, 0, 0], [0, 0, paddedIn - inputs, paddedOut - outputs]);
  const split = graph.reshape(whole, [height, width, paddedIn / block!, block!, paddedOut / block!, block!]);
  return graph.reshape(graph.transpose(split, [4, 2, 0, 1, 3, 5]), [paddedOut, paddedIn, height, width]);
}

/** The same for an image that is not blocked: only the channels out are. */
function blockOutputs(layouts: Layouts, filter: Value): Value {
  const { graph, block } = layouts;
  const [height, width, inputs, outputs] = filter.shape as [number, number, number, number];
  const padded = layouts.padded(outputs);
  const whole = graph.pad(filter, [0, 0, 0, 0], [0, 0, 0, padded - outputs]);
  const split = graph.reshape(whole, [height, width, inputs, padded / block!, block!]);
  return graph.reshape(graph.transpose(split, [3, 2, 0, 1, 4]), [padded, inputs, height, width]);
}

/**
 * The image with its zeros around it, `[batch, channels, height, width]`: what the filter's gradient reads, and the
 * convolution of an image with fewer channels than a block.
 */
function framed(layouts: Layouts, at: Convolution, x: Traced): Value {
  const { graph } = layouts;
  if (!x.livesBlocked) return graph.pad(channelsFirst(layouts, x), [0, 0, ...at.before], [0, 0, ...at.after]);
  // In blocks the rows to copy are long.
  const padded = graph.pad(layouts.blocked(x), [0, 0, ...at.before, 0], [0, 0, ...at.after, 0]);
  return layouts.channelsFirst(padded, at.inChannels);
}

/** It comes into the graph when it is read: with a bias and a relu behind it, it is still one operator. */
export function convolve(layouts: Layouts, at: Convolution, { x, filter, bias }: { x: Traced; filter: Traced; bias?: Traced | undefined }): Traced {
  // Padding channels up to a block would cost more than leaving the blocks.
  const isBlocked = at.inChannels >= layouts.block!;
  const image = isBlocked ? layouts.asOperand(layouts.blocked(x)) : framed(layouts, at, x);
  const pads = isBlocked ? padsOf(at) : [0, 0, 0, 0];
  const weights = (isBlocked ? blockFilter : blockOutputs)(layouts, layouts.full(filter));
  const lazy = (biases: readonly Value[]): Lazy => ({
    emit: ({ relu }) => layouts.fromOperand(conv(layouts, [image, weights, ...biases], { ...at, pads, activation: relu ? 'Relu' : undefined })),
    withBias: biases.length > 0 ? null : (vector) => lazy([layouts.paddedVector(vector, 0)]),
  });
  const biases = bias === undefined ? [] : [layouts.paddedVector(layouts.graph.reshape(layouts.full(bias), [at.outChannels]), 0)];
  return new Traced([at.batch, ...at.output, at.outChannels], 'float32', { lazy: lazy(biases) });
}

/** What is lazy and not in the graph in any form. */
const openOf = ({ forms }: Traced): Lazy | null => (forms.blocked === undefined && forms.plain === undefined ? (forms.lazy ?? null) : null);

/** `a + b` where one of them takes the other in as its bias; else null. */
export function withBias(layouts: Layouts, a: Traced, b: Traced): Traced | null {
  for (const [image, vector] of [[a, b], [b, a]] as const) {
    const take = openOf(image)?.withBias;
    const bias = take ? layouts.asVector(vector, image.shape[3]!) : null;
    if (take && bias !== null) return new Traced(image.shape, 'float32', { lazy: take(bias) });
  }
  return null;
}

/** The positive part of what can take a relu in; else null. */
export function withRelu(x: Traced): Traced | null {
  const lazy = openOf(x);
  return lazy === null ? null : new Traced(x.shape, 'float32', { lazy: { emit: () => lazy.emit({ relu: true }), withBias: null } });
}

/** Along one axis: which taps reach the inputs of each phase (an input's place modulo the stride). */
interface Phases {
  /** For each phase and each place of the window: the tap, or `kernel` for none. */
  taps: number[];
  window: number;
  /** Inputs of one phase. */
  length: number;
  before: number;
  after: number;
}

function phasesOf(at: Convolution, axis: 0 | 1): Phases {
  const [input, output, kernel, stride, dilation, pad] = [at.input, at.output, at.kernel, at.strides, at.dilations, at.before].map((pair) => pair[axis]) as [number, number, number, number, number, number];
  const length = Math.ceil(input / stride);
  // Input `stride * q + phase` is read by output `q + offset` through tap k, where offset = (phase + pad - k * dilation) / stride.
  const reached = Array.from({ length: stride }, (_, phase) =>
    new Map(Array.from({ length: kernel }, (__, k) => [(phase + pad - k * dilation) / stride, k] as const).filter(([offset]) => Number.isInteger(offset))),
  );
  const offsets = reached.flatMap((taps) => [...taps.keys()]);
  const low = Math.min(0, ...offsets);
  const high = Math.max(output - length, ...offsets);
  const window = high - low + 1;
  const taps = reached.flatMap((byOffset) => Array.from({ length: window }, (_, place) => byOffset.get(low + place) ?? kernel));
  return { taps, window, length, before: -low, after: length - 1 + high - (output - 1) };
}

/**
 * Each phase of the stride is a convolution of `dy` with a part of the taps, turned round; all phases are the channels
 * of one convolution, laid out in space afterwards.
 */
export function inputGradient(layouts: Layouts, at: Convolution, { dy, filter }: { dy: Traced; filter: Traced }): Traced {
  const { graph } = layouts;
  const block = layouts.block!;
  const [rows, columns] = [phasesOf(at, 0), phasesOf(at, 1)];
  const [strideH, strideW] = at.strides;
  const [inBlocks, outBlocks] = [layouts.padded(at.inChannels) / block, layouts.padded(at.outChannels) / block];
  // One more tap of zeros, for the places that no tap reaches.
  const whole = graph.pad(layouts.full(filter), [0, 0, 0, 0], [1, 1, inBlocks * block - at.inChannels, outBlocks * block - at.outChannels]);
  const gather = (value: Value, axis: number, taps: number[]): Value =>
    graph.add('Gather', [value, graph.ints(taps)], { shape: value.shape.map((size, i) => (i === axis ? taps.length : size)), attributes: { axis } });
  const taps = gather(gather(whole, 0, rows.taps), 1, columns.taps);
  const split = graph.reshape(taps, [strideH, rows.window, strideW, columns.window, inBlocks, block, outBlocks, block]);
  const phases = strideH * strideW;
  const weights = graph.reshape(graph.transpose(split, [0, 2, 4, 6, 1, 3, 7, 5]), [phases * inBlocks * block, outBlocks * block, rows.window, columns.window]);
  const out = conv(layouts, [layouts.asOperand(layouts.blocked(dy)), weights], {
    output: [rows.length, columns.length],
    kernel: [rows.window, columns.window],
    pads: [rows.before, columns.before, rows.after, columns.after],
  });
  const spread = graph.transposeRows(graph.reshape(out, [at.batch, strideH, strideW, inBlocks, rows.length, columns.length, block]), [0, 3, 4, 1, 5, 2, 6]);
  const image = graph.reshape(spread, [at.batch, inBlocks, rows.length * strideH, columns.length * strideW, block]);
  const blocked = graph.first(graph.first(image, 2, at.input[0]), 3, at.input[1]);
  return new Traced([at.batch, ...at.input, at.inChannels], 'float32', { blocked });
}

/**
 * A convolution whose batch is the channels in and whose channels are the examples: the images, by `dy` as the filter.
 * Zeros are put around the images first, because the operator is slow at edges and here nearly all is edge.
 */
export function filterGradient(layouts: Layouts, at: Convolution, { x, dy }: { x: Traced; dy: Traced }): Traced {
  const { graph } = layouts;
  const block = layouts.block!;
  const examples = layouts.padded(at.batch);
  const images = graph.pad(graph.transpose(framed(layouts, at, x), [1, 0, 2, 3]), [0, 0, 0, 0], [0, examples - at.batch, 0, 0]);
  const gradient = layouts.blocked(dy);
  const [, outBlocks, height, width] = gradient.shape as [number, number, number, number, number];
  const all = graph.pad(gradient, [0, 0, 0, 0, 0], [examples - at.batch, 0, 0, 0, 0]);
  const split = graph.reshape(all, [examples / block, block, outBlocks, height, width, block]);
  const filter = graph.reshape(graph.transposeRows(split, [2, 0, 3, 4, 1, 5]), [outBlocks * block, examples, height, width]);
  const taps = tapsOf(at);
  const out = conv(layouts, [layouts.asOperand(layouts.blockChannelsFirst(images)), filter], {
    output: taps, kernel: at.output, strides: at.dilations, dilations: at.strides, pads: [0, 0, 0, 0],
  });
  const blocked = graph.reshape(out, [at.inChannels, outBlocks, ...taps, block]);
  const used = graph.first(graph.first(blocked, 2, at.kernel[0]), 3, at.kernel[1]);
  const turned = graph.reshape(graph.transpose(used, [2, 3, 0, 1, 4]), [...at.kernel, at.inChannels, outBlocks * block]);
  const plain = graph.first(turned, 3, at.outChannels);
  return new Traced(plain.shape, 'float32', { plain });
}
