// The kernels that we bring to TF.js' wasm backend, against the same kernels of its cpu backend.
import t from 'tap';
import * as tf from '@tensorflow/tfjs-core';
import { openCpu } from '../../../src/ml/engines/eager/backend-cpu.js';
import { correctGradients } from '../../../src/ml/engines/gradients.js';
import { openWasm } from '../../../src/ml/engines/eager/backend-wasm.js';

type Shape4 = [number, number, number, number];
type Pad = 'same' | 'valid' | [[number, number], [number, number], [number, number], [number, number]];
const random = (shape: number[], seed: number): tf.Tensor => tf.randomUniform(shape, -1, 1, 'float32', seed);

tf.enableProdMode();
correctGradients();
await openCpu({});
await openWasm({});

/** The numbers that `f` makes on a backend. */
async function numbersOn(backend: 'cpu' | 'wasm', f: () => tf.Tensor[]): Promise<{ shape: number[]; data: Float32Array }[]> {
  await tf.setBackend(backend);
  const made = tf.tidy(f);
  const numbers = made.map((x) => ({ shape: x.shape, data: x.dataSync() as Float32Array }));
  tf.dispose(made);
  return numbers;
}

/** The greatest difference, relative to the greatest value; infinite when shapes differ. */
async function difference(f: () => tf.Tensor[]): Promise<number> {
  const expected = await numbersOn('cpu', f);
  const actual = await numbersOn('wasm', f);
  return Math.max(...expected.map(({ shape, data }, i) => {
    if (shape.join() !== actual[i]!.shape.join() || data.length === 0) return Infinity;
    let scale = 1e-3;
    let worst = 0;
    data.forEach((value, j) => {
      scale = Math.max(scale, Math.abs(value));
      worst = Math.max(worst, Math.abs(value - actual[i]!.data[j]!));
    });
    return Number.isNaN(worst) ? Infinity : worst / scale;
  }));
}

interface Case {
  x: Shape4;
  /** `[kh, kw]` and output channels, or the multiplier of a depthwise one. */
  filter: [number, number, number];
  strides: [number, number];
  pad: Pad;
}
const title = ({ x, filter, strides, pad }: Case): string =>
  `[${x}] by ${filter.slice(0, 2).join('x')} to ${filter[2]}, strides ${strides.join('x')}, ${typeof pad === 'string' ? pad : `padded by ${pad.slice(1, 3).join()}`}`;

/** Both gradients, by a loss that weighs every output differently. */
function gradients({ x, filter: [kh, kw, last], strides, pad }: Case, kind: 'conv' | 'depthwise') {
  return () => {
    const forward = (image: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
      kind === 'conv'
        ? tf.conv2d(image as tf.Tensor4D, filter as tf.Tensor4D, strides, pad as 'same')
        : tf.depthwiseConv2d(image as tf.Tensor4D, filter as tf.Tensor4D, strides, pad as 'same');
    const image = random(x, 1);
    const weights = random([kh, kw, x[3], last], 2);
    const weight = random(forward(image, weights).shape, 3);
    const [dx, dw] = tf.grads((a, b) => tf.sum(tf.mul(forward(a, b), weight)))([image, weights]);
    return [dx!, dw!];
  };
}

t.test('both gradients of a convolution equal those of the cpu backend', async (t) => {
  const cases: Case[] = [];
  for (const pad of ['same', 'valid'] as const) {
    for (const stride of [1, 2, 3]) {
      for (const kernel of [1, 2, 3, 6]) cases.push({ x: [2, 9, 11, 3], filter: [kernel, kernel, 4], strides: [stride, stride], pad });
    }
    cases.push(
      { x: [1, 7, 7, 1], filter: [3, 3, 1], strides: [1, 1], pad },
      { x: [3, 8, 5, 2], filter: [2, 5, 3], strides: [3, 1], pad },
      { x: [2, 13, 10, 2], filter: [5, 3, 2], strides: [1, 2], pad },
      { x: [5, 6, 6, 2], filter: [1, 1, 3], strides: [3, 2], pad },
      { x: [1, 4, 4, 2], filter: [4, 4, 2], strides: [4, 4], pad },
    );
  }
  cases.push(
    { x: [2, 6, 7, 2], filter: [3, 2, 3], strides: [2, 1], pad: [[0, 0], [1, 0], [0, 2], [0, 0]] },
    { x: [2, 5, 5, 2], filter: [2, 2, 3], strides: [1, 1], pad: [[0, 0], [3, 2], [2, 3], [0, 0]] },
  );
  for (const each of cases) t.ok((await difference(gradients(each, 'conv'))) < 1e-5, title(each));
});

t.test('both gradients of a depthwise convolution equal those of the cpu backend', async (t) => {
  for (const pad of ['same', 'valid'] as const) {
    for (const stride of [1, 2, 3]) {
      for (const multiplier of [1, 3]) {
        const each: Case = { x: [2, 9, 8, 3], filter: [3, 2, multiplier], strides: [stride, stride], pad };
        t.ok((await difference(gradients(each, 'depthwise'))) < 1e-5, title(each));
      }
    }
  }
});

t.test('the gradient of max pooling equals that of the cpu backend', async (t) => {
  for (const pad of ['same', 'valid'] as const) {
    for (const [size, strides] of [[2, 2], [3, 2], [[3, 2], [1, 3]], [2, 3]] as const) {
      const pooled = (x: tf.Tensor): tf.Tensor => tf.maxPool(x as tf.Tensor4D, size as [number, number], strides as [number, number], pad);
      const gradient = () => {
        // Rounded, so that some windows hold equals.
        const x = tf.round(tf.mul(random([3, 7, 8, 5], 1), 3));
        const weight = random(pooled(x).shape, 2);
        return [tf.grad((a) => tf.sum(tf.mul(pooled(a), weight)))(x)];
      };
      t.ok((await difference(gradient)) < 1e-5, `${size} by ${strides}, ${pad}`);
    }
  }
});

t.test('depthwise kernels know dilation, which those of the cpu backend do not', async (t) => {
  await tf.setBackend('wasm');
  const [strides, dilations] = [[1, 1], [2, 3]] as [[number, number], [number, number]];
  for (const pad of ['same', 'valid'] as const) {
    const x = random([2, 9, 10, 2], 1) as tf.Tensor4D;
    const filter = random([3, 2, 2, 2], 2) as tf.Tensor4D;
    const y = tf.depthwiseConv2d(x, filter, strides, pad, 'NHWC', dilations);
    const dy = random(y.shape, 3);
    const run = (name: string, inputs: tf.NamedTensorMap, more: object): tf.Tensor =>
      tf.engine().runKernel(name, inputs, { strides, pad, dilations, ...more } as unknown as tf.NamedAttrMap) as tf.Tensor;
    const dx = run(tf.DepthwiseConv2dNativeBackpropInput, { dy, filter }, { inputShape: x.shape });
    const dw = run(tf.DepthwiseConv2dNativeBackpropFilter, { x, dy }, { filterShape: filter.shape });
    // The output is linear in each operand, so all three products are the same number.
    const [ofOutput, ofImage, ofFilter] = [tf.mul(y, dy), tf.mul(x, dx), tf.mul(filter, dw)].map((product) => tf.sum(product).dataSync()[0]!);
    t.ok(Math.abs(ofOutput! - ofImage!) < 1e-4 * Math.abs(ofOutput!), `image, ${pad}`);
    t.ok(Math.abs(ofOutput! - ofFilter!) < 1e-4 * Math.abs(ofOutput!), `filter, ${pad}`);
  }
});

t.test('matrix products equal those of the cpu backend, whatever is transposed', async (t) => {
  const shapes: [number[], number[]][] = [[[3, 5], [5, 7]], [[1, 4], [4, 1]], [[2, 3, 5], [2, 5, 4]], [[1, 3, 5], [4, 5, 2]], [[2, 1, 3, 4], [2, 3, 4, 5]]];
  const flip = (shape: number[]): number[] => [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
  for (const [a, b] of shapes) {
    for (const [ta, tb] of [[false, false], [true, false], [false, true], [true, true]] as const) {
      const product = () => [tf.matMul(random(ta ? flip(a) : a, 1), random(tb ? flip(b) : b, 2), ta, tb)];
      t.ok((await difference(product)) < 1e-5, `[${a}] by [${b}]${ta ? ', first transposed' : ''}${tb ? ', second transposed' : ''}`);
    }
  }
});

t.test('a gradient is the slope of the loss', async (t) => {
  await tf.setBackend('wasm');
  const x = random([2, 7, 6, 2], 1) as tf.Tensor4D;
  const filter = random([3, 4, 2, 3], 2) as tf.Tensor4D;
  const loss = (image: tf.Tensor4D, taps: tf.Tensor4D): tf.Scalar => tf.sum(tf.square(tf.conv2d(image, taps, [2, 3], 'same')));
  const slope = (at: (by: tf.Tensor4D) => tf.Scalar, size: number, shape: Shape4, index: number): number => {
    const step = 1e-2;
    const unit = new Float32Array(size);
    const value = (by: number): number => tf.tidy(() => {
      unit[index] = by;
      return at(tf.tensor4d(unit.slice(), shape)).dataSync()[0]!;
    });
    return (value(step) - value(-step)) / (2 * step);
  };
  const [dx, dw] = tf.grads((a, b) => loss(a as tf.Tensor4D, b as tf.Tensor4D))([x, filter]);
  const [dxData, dwData] = [dx!.dataSync(), dw!.dataSync()];
  for (const index of [0, 17, x.size - 1]) {
    const expected = slope((by) => loss(tf.add(x, by), filter), x.size, x.shape, index);
    t.ok(Math.abs(expected - dxData[index]!) < 1e-2 * Math.max(1, Math.abs(expected)), `of the image at ${index}`);
  }
  for (const index of [0, 29, filter.size - 1]) {
    const expected = slope((by) => loss(x, tf.add(filter, by)), filter.size, filter.shape, index);
    t.ok(Math.abs(expected - dwData[index]!) < 1e-2 * Math.max(1, Math.abs(expected)), `of the filter at ${index}`);
  }
});

t.test('the gradient of average pooling is the slope also where padding begins', async (t) => {
  for (const backend of ['cpu', 'wasm'] as const) {
    await tf.setBackend(backend);
    for (const [size, strides] of [[[3, 2], [1, 1]], [[3, 3], [2, 2]]] as [[number, number], [number, number]][]) {
      const x = random([2, 5, 4, 3], 1) as tf.Tensor4D;
      const pooled = (image: tf.Tensor): tf.Tensor => tf.avgPool(image as tf.Tensor4D, size, strides, 'same');
      const weight = random(pooled(x).shape, 2);
      const dx = tf.grad((image) => tf.sum(tf.mul(pooled(image), weight)))(x);
      // The output is linear in the image, so both products are the same number.
      const [ofOutput, ofImage] = [tf.mul(pooled(x), weight), tf.mul(x, dx)].map((product) => tf.sum(product).dataSync()[0]!);
      t.ok(Math.abs(ofOutput! - ofImage!) < 1e-4, `${size} by ${strides} on ${backend}`);
    }
  }
});

t.test('kernels free what they allocate', async (t) => {
  await tf.setBackend('wasm');
  const count = (): number => tf.engine().backend.numDataIds();
  const cases = [
    gradients({ x: [2, 9, 11, 3], filter: [3, 3, 4], strides: [2, 2], pad: 'valid' }, 'conv'),
    gradients({ x: [2, 9, 11, 3], filter: [3, 3, 4], strides: [1, 1], pad: 'same' }, 'conv'),
    gradients({ x: [2, 9, 11, 3], filter: [3, 3, 2], strides: [2, 2], pad: 'same' }, 'depthwise'),
    () => [tf.matMul(random([3, 5], 1), random([4, 3], 2), true, true)],
  ];
  const before = count();
  for (const f of cases) tf.dispose(tf.tidy(f));
  t.equal(count(), before, 'the wasm heap holds what it held');
});

t.test('channels-first data are refused, as by the forward kernel', async (t) => {
  await tf.setBackend('wasm');
  const attrs = { strides: [1, 1], pad: 'valid', dataFormat: 'NCHW', filterShape: [3, 3, 2, 4], dimRoundingMode: undefined };
  const x = random([1, 2, 5, 5], 1);
  const dy = random([1, 4, 3, 3], 2);
  t.throws(() => tf.engine().runKernel(tf.Conv2DBackpropFilter, { x, dy }, attrs as unknown as tf.NamedAttrMap), { message: /NCHW/ });
});
