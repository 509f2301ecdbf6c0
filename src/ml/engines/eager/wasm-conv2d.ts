// The two gradients of a convolution on the wasm backend, both as forward convolutions, because that is the
// one fast kernel there is (XNNPACK's): TF.js' own input gradient is a plain loop, ten times slower, and a
// filter gradient does not exist.
import * as tf from '@tensorflow/tfjs-core';
import { call, convolution, free, transpose, view, type WasmKernel } from './wasm-call.js';

type Pads = { top: number; bottom: number; left: number; right: number };

function forward({ top, bottom, left, right }: Pads, dilations: [number, number]) {
  return {
    strides: [1, 1],
    pad: [[0, 0], [top, bottom], [left, right], [0, 0]],
    dataFormat: 'NHWC',
    dilations,
    dimRoundingMode: 'floor',
  };
}

/**
 * d loss / d filter `[kh, kw, in, out]` from x `[batch, h, w, in]` and dy `[batch, oh, ow, out]`: x with batch and
 * channels swapped, convolved with dy as its filter, whose taps lie `strides` apart.
 */
export const conv2DBackpropFilter: WasmKernel<'x' | 'dy', tf.Conv2DBackpropFilterAttrs> = (backend, { x, dy }, attrs) => {
  const conv = convolution(x.shape, attrs.filterShape, attrs);
  const { filterHeight, filterWidth, inChannels, outChannels, strideHeight, strideWidth, padInfo } = conv;
  // What lies behind the last tap: padding when taps reach over the edge, surplus rows when they stop short.
  const bottom = filterHeight + (conv.outHeight - 1) * strideHeight - conv.inHeight - padInfo.top;
  const right = filterWidth + (conv.outWidth - 1) * strideWidth - conv.inWidth - padInfo.left;

  const images = transpose(backend, x, [3, 1, 2, 0]);
  const taps = transpose(backend, dy, [1, 2, 0, 3]);
  const pads = { top: padInfo.top, bottom: Math.max(0, bottom), left: padInfo.left, right: Math.max(0, right) };
  const whole = call(backend, tf.Conv2D, { inputs: { x: images, filter: taps }, attrs: forward(pads, [strideHeight, strideWidth]) });
  free(backend, images, taps);

  const exact = bottom >= 0 && right >= 0;
  const used = exact
    ? whole
    : call(backend, tf.Slice, {
        inputs: { x: whole },
        attrs: { begin: [0, 0, 0, 0], size: [inChannels, filterHeight, filterWidth, outChannels] },
      });
  const filter = transpose(backend, used, [1, 2, 0, 3]);
  free(backend, ...(exact ? [whole] : [whole, used]));
  return filter;
};

/**
 * d loss / d x `[batch, h, w, in]` from dy `[batch, oh, ow, out]`. The positions of x fall into sh * sw phases by
 * their remainder modulo the strides; each phase sees only every sh-th, sw-th tap of the filter. So one
 * stride-1 convolution of dy gives all phases as channels, and depth-to-space puts them in their places.
 */
export const conv2DBackpropInput: WasmKernel<'dy' | 'filter', tf.Conv2DBackpropInputAttrs> = (backend, { dy, filter }, attrs) => {
  const conv = convolution(attrs.inputShape, filter.shape, attrs);
  const rows = phases({ size: conv.inHeight, out: conv.outHeight, kernel: conv.filterHeight, stride: conv.strideHeight, pad: conv.padInfo.top });
  const columns = phases({ size: conv.inWidth, out: conv.outWidth, kernel: conv.filterWidth, stride: conv.strideWidth, pad: conv.padInfo.left });

  const phased = phaseFilter(backend, { filter }, { rows: rows.taps, columns: columns.taps, conv });
  const pads = { top: rows.before, bottom: rows.after, left: columns.before, right: columns.after };
  const deep = call(backend, tf.Conv2D, { inputs: { x: dy, filter: phased }, attrs: forward(pads, [1, 1]) });
  free(backend, phased);

  const wide = spread(backend, { x: deep }, conv);
  const begin = [0, rows.skip, columns.skip, 0];
  if (rows.skip === 0 && columns.skip === 0 && wide.shape[1] === conv.inHeight && wide.shape[2] === conv.inWidth) return wide;
  const dx = call(backend, tf.Slice, { inputs: { x: wide }, attrs: { begin, size: conv.inShape } });
  free(backend, wide);
  return dx;
};

/**
 * One axis of the phase convolution. Padded position i = stride * u + phase reads dy[u - t] for taps t = 0, 1, …;
 * u starts at the first that holds a position of x.
 */
function phases({ size, out, kernel, stride, pad }: { size: number; out: number; kernel: number; stride: number; pad: number }) {
  const taps = Math.ceil(kernel / stride);
  const first = Math.min(Math.floor(pad / stride), taps - 1);
  const last = Math.floor((size - 1 + pad) / stride);
  return { taps, before: taps - 1 - first, after: Math.max(0, last - out + 1), skip: pad - first * stride };
}

/** The filter `[kh, kw, in, out]` as `[rows, columns, out, sh * sw * in]`: taps reversed, phases as channels. */
const phaseFilter: WasmKernel<'filter', { rows: number; columns: number; conv: tf.backend_util.Conv2DInfo }> = (backend, inputs, { rows, columns, conv }) => {
  const { filterHeight, filterWidth, inChannels, outChannels, strideHeight, strideWidth } = conv;
  const depth = strideHeight * strideWidth * inChannels;
  const out = backend.makeOutput([rows, columns, outChannels, depth], 'float32');
  const from = view(backend, inputs.filter);
  const to = view(backend, out);
  to.fill(0);
  for (let a = 0; a < filterHeight; a++) {
    for (let b = 0; b < filterWidth; b++) {
      const tap = (rows - 1 - Math.floor(a / strideHeight)) * columns + (columns - 1 - Math.floor(b / strideWidth));
      const phase = (a % strideHeight) * strideWidth + (b % strideWidth);
      for (let c = 0; c < inChannels; c++) {
        let read = ((a * filterWidth + b) * inChannels + c) * outChannels;
        let write = tap * outChannels * depth + phase * inChannels + c;
        for (let o = 0; o < outChannels; o++, write += depth) to[write] = from[read++]!;
      }
    }
  }
  return out;
};

/** `[batch, u, v, sh * sw * in]` to `[batch, u * sh, v * sw, in]`. Frees what it is given. */
const spread: WasmKernel<'x', tf.backend_util.Conv2DInfo> = (backend, { x }, { strideHeight, strideWidth, inChannels }) => {
  if (strideHeight === 1 && strideWidth === 1) return x;
  const [batch, u, v] = x.shape as [number, number, number];
  const split = { ...x, shape: [batch * u, v, strideHeight, strideWidth * inChannels] };
  const out = transpose(backend, split, [0, 2, 1, 3]);
  free(backend, x);
  out.shape = [batch, u * strideHeight, v * strideWidth, inChannels];
  return out;
};
