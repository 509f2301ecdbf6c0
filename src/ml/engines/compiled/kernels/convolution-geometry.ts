// The numbers of a 2-D convolution, as TF.js computes them from a kernel's attributes.
import * as tf from '@tensorflow/tfjs-core';

type Shape4 = [number, number, number, number];
type Pair = readonly [number, number];

/** Pairs are (height, width). */
export interface Convolution {
  batch: number;
  input: Pair;
  inChannels: number;
  output: Pair;
  outChannels: number;
  kernel: Pair;
  strides: Pair;
  dilations: Pair;
  /** Zeros before the first row and column. */
  before: Pair;
  /** Zeros behind the last ones. */
  after: Pair;
}

interface Attributes {
  strides: number | Pair;
  dilations?: number | Pair | null;
  pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  /** Ours: TF.js tells by the kernel. */
  isDepthwise?: boolean;
}

function fromInfo(info: tf.backend_util.Conv2DInfo): Convolution {
  return {
    batch: info.batchSize,
    input: [info.inHeight, info.inWidth],
    inChannels: info.inChannels,
    output: [info.outHeight, info.outWidth],
    outChannels: info.outChannels,
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    before: [info.padInfo.top, info.padInfo.left],
    after: [info.padInfo.bottom, info.padInfo.right],
  };
}

/** `filter` is `[height, width, channels in, channels out]`; of a depthwise one the last is the multiplier. */
export function convolutionOf(input: readonly number[], filter: readonly number[], attributes: object): Convolution {
  const { strides, dilations, pad, dimRoundingMode, isDepthwise = false } = attributes as Attributes;
  return fromInfo(
    tf.backend_util.computeConv2DInfo(
      input as Shape4, filter as Shape4, strides as number | [number, number], (dilations ?? 1) as number | [number, number],
      pad as 'same' | 'valid' | number, dimRoundingMode, isDepthwise,
    ),
  );
}

/** A pooling reads its input through the same windows. */
export function poolingOf(input: readonly number[], attrs: object): Convolution {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as tf.MaxPoolAttrs;
  return fromInfo(tf.backend_util.computePool2DInfo(input as Shape4, filterSize, strides, 1, pad, dimRoundingMode));
}

/**
 * How many places the output, spread by the strides, has in the padded input, by steps of the dilation: the kernel's
 * size, or more where the last windows leave inputs over.
 */
export const tapsOf = ({ input, output, strides, dilations, before, after }: Convolution): [number, number] =>
  input.map((size, i) => Math.floor((size + before[i]! + after[i]! - ((output[i]! - 1) * strides[i]! + 1)) / dilations[i]!) + 1) as [number, number];

/** As ONNX lists them: all starts, then all ends. */
export const padsOf = ({ before, after }: Pick<Convolution, 'before' | 'after'>): number[] => [...before, ...after];
