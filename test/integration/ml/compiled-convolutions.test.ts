// The formulations of convolutions in ONNX, each by itself: the convolution against loops, and its gradients against
// finite differences of it, which are exact because it is linear in the image and in the filter.
import t, { type Test } from 'tap';
import * as blocked from '../../../src/ml/engines/compiled/kernels/convolution-blocked.js';
import * as channelsFirst from '../../../src/ml/engines/compiled/kernels/convolution-channels-first.js';
import { convolutionOf, type Convolution } from '../../../src/ml/engines/compiled/kernels/convolution-geometry.js';
import type { Runtime } from '../../../src/ml/engines/compiled/runtime.js';
import { convolveByLoops, openConvolution, type Formulation, type Shapes } from '../../helpers/convolution-check.js';
import { openRuntimes, scattered } from '../../helpers/engine-parity.js';

/** Along one axis. */
interface Axis {
  size: number;
  kernel: number;
  stride: number;
  dilation: number;
}

interface Geometry {
  padding: 'same' | 'valid';
  axes: readonly [Axis, Axis];
  batch: number;
  channels: readonly [number, number];
}

const reach = ({ kernel, dilation }: Axis): number => (kernel - 1) * dilation + 1;
const CHANNELS = [[3, 5], [16, 16], [17, 18], [1, 33], [20, 1], [4, 16]] as const;

/** Every kernel of 1 to 4, stride and dilation of 1 to 3 along the height, beside another along the width. */
function geometries(): Geometry[] {
  const axes = [1, 2, 3, 4].flatMap((kernel) => [1, 2, 3].flatMap((stride) => [1, 2, 3].map((dilation) => ({ kernel, stride, dilation }))));
  const sized = (index: number, padding: 'same' | 'valid'): Axis => {
    const axis = { ...axes[index % axes.length]!, size: [9, 7, 5, 11, 4][index % 5]! };
    // A window that does not fit has no output; padded, it may be larger than the image.
    return padding === 'valid' ? { ...axis, size: Math.max(axis.size, reach(axis)) } : axis;
  };
  return axes.flatMap((_, i) =>
    (['same', 'valid'] as const).map((padding, j) => ({
      padding,
      axes: [sized(i, padding), sized(i * 7 + j + 5, padding)] as const,
      batch: [1, 3, 5][(i + j) % 3]!,
      channels: CHANNELS[(i + j * 3) % CHANNELS.length]!,
    })),
  );
}

function titleOf({ padding, axes, batch, channels }: Geometry): string {
  const pairs = (['size', 'kernel', 'stride', 'dilation'] as const).map((name) => `${name} ${axes[0][name]}x${axes[1][name]}`);
  return `${padding}, ${pairs.join(', ')}, ${batch} of ${channels.join(' to ')}`;
}

const pairOf = (axes: Geometry['axes'], name: keyof Axis): [number, number] => [axes[0][name], axes[1][name]];

function problemOf({ padding, axes, batch, channels: [inChannels, outChannels] }: Geometry, isDepthwise: boolean): { at: Convolution; shapes: Shapes } {
  const multiplier = isDepthwise ? 1 + (outChannels % 3) : outChannels;
  const shapes = { x: [batch, ...pairOf(axes, 'size'), inChannels], filter: [...pairOf(axes, 'kernel'), inChannels, multiplier] };
  const at = convolutionOf(shapes.x, shapes.filter, { strides: pairOf(axes, 'stride'), dilations: pairOf(axes, 'dilation'), pad: padding, isDepthwise });
  return { at, shapes: { ...shapes, dy: [batch, ...at.output, at.outChannels] } };
}

const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
const moved = (from: Float32Array, by: Float32Array, factor: number): Float32Array => from.map((value, i) => value + factor * by[i]!);
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

interface Way {
  runtime: Runtime;
  formulation: Formulation;
  isDepthwise?: boolean;
  /** Whether the images of a geometry, by its number, come in blocks. */
  inBlocks?: (index: number) => boolean;
}

const STEP = 0.5;

async function errorsOf(geometry: Geometry, { runtime, formulation, isDepthwise = false, inBlocks }: Omit<Way, 'inBlocks'> & { inBlocks: boolean }): Promise<Record<string, number>> {
  const { at, shapes } = problemOf(geometry, isDepthwise);
  const convolution = await openConvolution(runtime, at, { formulation, shapes, inBlocks });
  const arrays = { x: scattered(elements(shapes.x), 1), filter: scattered(elements(shapes.filter), 2), dy: scattered(elements(shapes.dy), 3) };
  const { y, dx, dFilter } = await convolution.run(arrays);
  const byLoops = convolveByLoops(at, arrays, { isDepthwise });

  /** How far the slope of `<dy, convolution>` in a random direction is from what the gradient says. */
  const slopeError = async (argument: 'x' | 'filter', gradient: Float32Array): Promise<number> => {
    const direction = scattered(elements(shapes[argument]), 4);
    if (gradient.length !== direction.length) return Infinity;
    const along = async (step: number): Promise<number> => dot(arrays.dy, (await convolution.run({ ...arrays, [argument]: moved(arrays[argument], direction, step) })).y);
    const slope = ((await along(STEP)) - (await along(-STEP))) / (2 * STEP);
    return Math.abs(slope - dot(gradient, direction)) / (norm(gradient) * norm(direction));
  };
  const errors = { y: norm(byLoops.map((value, i) => value - y[i]!)) / norm(byLoops), dx: await slopeError('x', dx), dFilter: await slopeError('filter', dFilter) };
  await convolution.close();
  return errors;
}

async function checkAll(t: Test, { inBlocks = () => false, ...way }: Way): Promise<void> {
  for (const [index, geometry] of geometries().entries()) {
    const errors = await errorsOf(geometry, { ...way, inBlocks: inBlocks(index) });
    const ok = Object.values(errors).every((error) => error < 2e-6);
    t.ok(ok, titleOf(geometry), ok ? {} : { errors });
  }
}

const [runtime] = (await openRuntimes()) as [Runtime];

t.test('convolutions in blocks of channels', { skip: runtime.block === null && 'the runtime has none on this machine' }, (t) =>
  checkAll(t, { runtime, formulation: blocked, inBlocks: (index) => index % 2 === 1 }));

t.test("convolutions by ONNX' own operators", (t) => checkAll(t, { runtime: { ...runtime, block: null }, formulation: channelsFirst }));

t.test("depthwise convolutions by ONNX' own operators", (t) => {
  const formulation: Formulation = {
    convolve: channelsFirst.convolveDepthwise,
    inputGradient: channelsFirst.depthwiseInputGradient,
    filterGradient: channelsFirst.depthwiseFilterGradient,
  };
  return checkAll(t, { runtime: { ...runtime, block: null }, formulation, isDepthwise: true });
});
