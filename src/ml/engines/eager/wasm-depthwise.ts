// The two gradients of a depthwise convolution, which TF.js' wasm backend lacks: plain loops over the wasm
// heap. Rows of channels are contiguous in all operands, so the inner loop walks memory in order.
import * as tf from '@tensorflow/tfjs-core';
import { view, type WasmKernel } from './wasm-call.js';

type Conv = tf.backend_util.Conv2DInfo;
type Attrs = tf.DepthwiseConv2dNativeBackpropFilterAttrs | tf.DepthwiseConv2dNativeBackpropInputAttrs;

function shapeOf(xShape: readonly number[], filterShape: readonly number[], { strides, dilations, pad, dimRoundingMode }: Attrs): Conv {
  return tf.backend_util.computeConv2DInfo(
    xShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );
}

/** Visits each output position and each tap that falls inside the image, with offsets of their first channel. */
function eachTap(conv: Conv, visit: (x: number, filter: number, dy: number) => void): void {
  const { inHeight, inWidth, inChannels, outChannels, filterHeight, filterWidth, padInfo } = conv;
  let dy = 0;
  for (let n = 0; n < conv.batchSize; n++) {
    for (let p = 0; p < conv.outHeight; p++) {
      const top = p * conv.strideHeight - padInfo.top;
      for (let q = 0; q < conv.outWidth; q++, dy += outChannels) {
        const left = q * conv.strideWidth - padInfo.left;
        for (let a = 0; a < filterHeight; a++) {
          const i = top + a * conv.dilationHeight;
          if (i < 0 || i >= inHeight) continue;
          for (let b = 0; b < filterWidth; b++) {
            const j = left + b * conv.dilationWidth;
            if (j < 0 || j >= inWidth) continue;
            visit(((n * inHeight + i) * inWidth + j) * inChannels, (a * filterWidth + b) * outChannels, dy);
          }
        }
      }
    }
  }
}

/** d loss / d filter `[kh, kw, in, multiplier]` from x `[batch, h, w, in]` and dy `[batch, oh, ow, in * multiplier]`. */
export const depthwiseBackpropFilter: WasmKernel<'x' | 'dy', tf.DepthwiseConv2dNativeBackpropFilterAttrs> = (backend, inputs, attrs) => {
  const conv = shapeOf(inputs.x.shape, attrs.filterShape, attrs);
  const out = backend.makeOutput(attrs.filterShape, 'float32');
  const x = view(backend, inputs.x);
  const dy = view(backend, inputs.dy);
  const multiplier = conv.outChannels / conv.inChannels;
  // Sums run over batch and image: kept in double precision until the end.
  const sums = new Float64Array(tf.util.sizeFromShape(attrs.filterShape));
  eachTap(conv, (xAt, filterAt, dyAt) => {
    for (let c = 0; c < conv.inChannels; c++) {
      const value = x[xAt + c]!;
      for (let m = c * multiplier; m < (c + 1) * multiplier; m++) sums[filterAt + m]! += value * dy[dyAt + m]!;
    }
  });
  view(backend, out).set(sums);
  return out;
};

/** d loss / d x `[batch, h, w, in]` from dy `[batch, oh, ow, in * multiplier]` and the filter. */
export const depthwiseBackpropInput: WasmKernel<'dy' | 'filter', tf.DepthwiseConv2dNativeBackpropInputAttrs> = (backend, inputs, attrs) => {
  const conv = shapeOf(attrs.inputShape, inputs.filter.shape, attrs);
  const out = backend.makeOutput(attrs.inputShape, 'float32');
  const dx = view(backend, out);
  const dy = view(backend, inputs.dy);
  const filter = view(backend, inputs.filter);
  const multiplier = conv.outChannels / conv.inChannels;
  dx.fill(0);
  eachTap(conv, (xAt, filterAt, dyAt) => {
    for (let c = 0; c < conv.inChannels; c++) {
      let sum = 0;
      for (let m = c * multiplier; m < (c + 1) * multiplier; m++) sum += filter[filterAt + m]! * dy[dyAt + m]!;
      dx[xAt + c]! += sum;
    }
  });
  return out;
};
