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
}

/** `filter` is `[height, width, channels in, channels out or their multiplier]`. */
export function convolutionOf(input: readonly number[], filter: readonly number[], attrs: object, isDepthwise = false): Convolution {
  const { strides, dilations, pad, dimRoundingMode } = attrs as Attributes;
  const info = tf.backend_util.computeConv2DInfo(
    input as Shape4, filter as Shape4, strides as number | [number, number], (dilations ?? 1) as number | [number, number],
    pad as 'same' | 'valid' | number, dimRoundingMode, isDepthwise,
  );
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

/** As ONNX lists them: all starts, then all ends. */
export const padsOf = ({ before, after }: Pick<Convolution, 'before' | 'after'>): number[] => [...before, ...after];
