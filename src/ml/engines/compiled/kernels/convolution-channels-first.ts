// Convolutions and their gradients by ONNX' own operators, on `[batch, channels, height, width]`. The way on GPUs, and
// for depthwise convolutions everywhere.
import type { Value } from '../graph.js';
import type { Layouts } from '../layouts.js';
import { Traced } from '../traced.js';
import { padsOf, tapsOf, type Convolution } from './convolution-geometry.js';

const TO_CHANNELS_FIRST = [0, 3, 1, 2];
const TO_CHANNELS_LAST = [0, 2, 3, 1];

export function channelsFirst(layouts: Layouts, image: Traced): Value {
  if (image.livesBlocked) return layouts.channelsFirst(layouts.blocked(image), image.shape[3]!);
  return layouts.graph.transpose(layouts.full(image), TO_CHANNELS_FIRST);
}

export function fromChannelsFirst({ graph }: Layouts, value: Value): Traced {
  const plain = graph.transpose(value, TO_CHANNELS_LAST);
  return new Traced(plain.shape, 'float32', { plain });
}

interface ConvOptions {
  output: readonly [number, number];
  strides: readonly number[];
  dilations: readonly number[];
  pads: readonly number[];
  group?: number;
}

function conv({ graph }: Layouts, inputs: readonly [Value, Value, ...Value[]], { output, strides, dilations, pads, group = 1 }: ConvOptions): Value {
  const [image, filter] = inputs;
  const attributes = { kernel_shape: filter.shape.slice(2), strides, dilations, pads, group };
  return graph.add('Conv', inputs, { shape: [image.shape[0]!, filter.shape[0]!, ...output], attributes });
}

/** Spreads `dy` back to where a convolution (or a pooling) read it. */
export function convTranspose(layouts: Layouts, dy: Value, filter: Value, { input, output, kernel, strides, dilations, before }: Convolution, group: number): Value {
  const reach = output.map((size, i) => (size - 1) * strides[i]! + (kernel[i]! - 1) * dilations[i]! + 1);
  const cut = reach.map((size, i) => size - before[i]! - input[i]!);
  const attributes = {
    kernel_shape: kernel, strides, dilations, group,
    pads: [...before, ...cut.map((size) => Math.max(0, size))],
    output_padding: cut.map((size) => Math.max(0, -size)),
  };
  return layouts.graph.add('ConvTranspose', [dy, filter], { shape: [dy.shape[0]!, filter.shape[1]! * group, ...input], attributes });
}

/** For each tap, the sum of its products: a convolution of the images by the gradient, over the batch. */
function tapProducts(layouts: Layouts, { x, dy }: { x: Value; dy: Value }, at: Convolution, group: number): Value {
  const { kernel, strides, dilations } = at;
  const all = conv(layouts, [x, dy], { output: tapsOf(at), strides: dilations, dilations: strides, pads: padsOf(at), group });
  return layouts.graph.first(layouts.graph.first(all, 2, kernel[0]), 3, kernel[1]);
}

export function convolve(layouts: Layouts, at: Convolution, { x, filter, bias }: { x: Traced; filter: Traced; bias?: Traced | undefined }): Traced {
  const { graph } = layouts;
  const weights = graph.transpose(layouts.full(filter), [3, 2, 0, 1]);
  const biases = bias === undefined ? [] : [graph.reshape(layouts.full(bias), [at.outChannels])];
  return fromChannelsFirst(layouts, conv(layouts, [channelsFirst(layouts, x), weights, ...biases], { ...at, pads: padsOf(at) }));
}

export function inputGradient(layouts: Layouts, at: Convolution, { dy, filter }: { dy: Traced; filter: Traced }): Traced {
  const weights = layouts.graph.transpose(layouts.full(filter), [3, 2, 0, 1]);
  return fromChannelsFirst(layouts, convTranspose(layouts, channelsFirst(layouts, dy), weights, at, 1));
}

export function filterGradient(layouts: Layouts, at: Convolution, { x, dy }: { x: Traced; dy: Traced }): Traced {
  const { graph } = layouts;
  const swapped = (image: Traced): Value => graph.transpose(channelsFirst(layouts, image), [1, 0, 2, 3]);
  const plain = graph.transpose(tapProducts(layouts, { x: swapped(x), dy: swapped(dy) }, at, 1), [2, 3, 0, 1]);
  return new Traced(plain.shape, 'float32', { plain });
}

/** `[height, width, channels, multiplier]` to one filter for each channel out. */
function depthwiseFilter({ graph }: Layouts, filter: Value): Value {
  const [height, width, channels, multiplier] = filter.shape as [number, number, number, number];
  return graph.reshape(graph.transpose(filter, [2, 3, 0, 1]), [channels * multiplier, 1, height, width]);
}

export function convolveDepthwise(layouts: Layouts, at: Convolution, { x, filter, bias }: { x: Traced; filter: Traced; bias?: Traced | undefined }): Traced {
  const biases = bias === undefined ? [] : [layouts.graph.reshape(layouts.full(bias), [at.outChannels])];
  const inputs = [channelsFirst(layouts, x), depthwiseFilter(layouts, layouts.full(filter)), ...biases] as const;
  return fromChannelsFirst(layouts, conv(layouts, inputs, { ...at, pads: padsOf(at), group: at.inChannels }));
}

export function depthwiseInputGradient(layouts: Layouts, at: Convolution, { dy, filter }: { dy: Traced; filter: Traced }): Traced {
  return fromChannelsFirst(layouts, convTranspose(layouts, channelsFirst(layouts, dy), depthwiseFilter(layouts, layouts.full(filter)), at, at.inChannels));
}

export function depthwiseFilterGradient(layouts: Layouts, at: Convolution, { x, dy }: { x: Traced; dy: Traced }): Traced {
  const { graph } = layouts;
  const swapped = (image: Traced): Value => graph.transpose(channelsFirst(layouts, image), [1, 0, 2, 3]);
  // All images of a channel are the channels of one group.
  const images = graph.reshape(swapped(x), [1, at.inChannels * at.batch, ...at.input]);
  const taps = tapProducts(layouts, { x: images, dy: swapped(dy) }, at, at.inChannels);
  const multiplier = at.outChannels / at.inChannels;
  const plain = graph.transpose(graph.reshape(taps, [at.inChannels, multiplier, ...at.kernel]), [2, 3, 0, 1]);
  return new Traced(plain.shape, 'float32', { plain });
}
