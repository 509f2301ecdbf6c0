// Sliding windows over images: convolutions and poolings, with Keras' padding arithmetic.
import type { Fault, RuleResult } from './layer-rule.js';

type Pair = number | readonly number[];

export interface WindowArguments {
  padding?: 'same' | 'valid';
  strides?: Pair;
  dilationRate?: Pair;
}

/** `[height, width, channels]` */
type Image = readonly [number, number, number];

function pairOf(value: Pair): [number, number] {
  if (typeof value === 'number') return [value, value];
  return [value[0] ?? 1, value[1] ?? 1];
}

/** Positions of a window along one axis; 0 or less when it does not fit. `same` pads so that only the stride counts. */
function positions(size: number, window: { size: number; stride: number; padding: 'same' | 'valid' }): number {
  return Math.ceil((window.padding === 'same' ? size : size - window.size + 1) / window.stride);
}

function outputSize(image: Image, window: { size: [number, number]; strides: [number, number]; padding: 'same' | 'valid' }): [number, number] {
  const { size, strides, padding } = window;
  return [
    positions(image[0], { size: size[0], stride: strides[0], padding }),
    positions(image[1], { size: size[1], stride: strides[1], padding }),
  ];
}

/** Where a window does not fit, one position stands in, so that later layers can still be judged. */
function atLeastOne(size: [number, number]): [number, number] {
  return [Math.max(1, size[0]), Math.max(1, size[1])];
}

/** Height and width of a convolution's output, and of its kernel. */
export function convolve(
  layer: WindowArguments & { kernelSize: Pair },
  image: Image,
  fault: Fault,
): { size: [number, number]; kernel: [number, number] } {
  const kernel = pairOf(layer.kernelSize);
  const dilation = pairOf(layer.dilationRate ?? 1);
  const reach: [number, number] = [(kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1];
  const size = outputSize(image, { size: reach, strides: pairOf(layer.strides ?? 1), padding: layer.padding ?? 'valid' });
  if (size[0] < 1 || size[1] < 1) {
    fault(`a kernel that reaches over ${reach.join(' x ')} does not fit into ${image[0]} x ${image[1]}; use padding "same" or a smaller one`, 'kernelSize');
  }
  return { size: atLeastOne(size), kernel };
}

/** The window is 2 when absent, and its step the window itself. */
export function pool(layer: WindowArguments & { poolSize?: Pair }, image: Image, fault: Fault): RuleResult {
  const window = pairOf(layer.poolSize ?? 2);
  const size = outputSize(image, { size: window, strides: pairOf(layer.strides ?? window), padding: layer.padding ?? 'valid' });
  if (size[0] < 1 || size[1] < 1) {
    fault(`a window of ${window.join(' x ')} does not fit into ${image[0]} x ${image[1]}; use padding "same" or a smaller one`, 'poolSize');
  }
  const [height, width] = atLeastOne(size);
  return { shape: [height, width, image[2]], flops: window[0] * window[1] * height * width * image[2] };
}
