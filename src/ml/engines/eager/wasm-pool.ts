// The gradient of max pooling on the wasm backend. TF.js has a kernel for it, whose answers are wrong as soon as
// there is more than one image or one channel (4.22).
import * as tf from '@tensorflow/tfjs-core';
import { view, type WasmKernel } from './wasm-call.js';

/**
 * d loss / d input `[batch, h, w, channels]`: each output's slope goes to the greatest value of its window, the first
 * of equals, as on the other backends.
 */
export const maxPoolGrad: WasmKernel<'dy' | 'input', tf.MaxPoolGradAttrs> = (backend, inputs, { filterSize, strides, pad, dimRoundingMode }) => {
  const pool = tf.backend_util.computePool2DInfo(inputs.input.shape as [number, number, number, number], filterSize, strides, 1, pad, dimRoundingMode);
  const { inHeight, inWidth, inChannels, filterHeight, filterWidth, padInfo } = pool;
  const out = backend.makeOutput(inputs.input.shape, 'float32');
  const dx = view(backend, out);
  const dy = view(backend, inputs.dy);
  const x = view(backend, inputs.input);
  dx.fill(0);
  const rowSize = inWidth * inChannels;
  let at = 0;
  for (let n = 0; n < pool.batchSize; n++) {
    for (let p = 0; p < pool.outHeight; p++) {
      const top = p * pool.strideHeight - padInfo.top;
      const [firstRow, endRow] = [Math.max(0, top), Math.min(inHeight, top + filterHeight)];
      for (let q = 0; q < pool.outWidth; q++) {
        const left = q * pool.strideWidth - padInfo.left;
        const [firstColumn, endColumn] = [Math.max(0, left), Math.min(inWidth, left + filterWidth)];
        const corner = n * inHeight * rowSize + firstColumn * inChannels;
        for (let c = 0; c < inChannels; c++, at++) {
          let greatest = corner + firstRow * rowSize + c;
          for (let i = firstRow; i < endRow; i++) {
            let here = corner + i * rowSize + c;
            for (let j = firstColumn; j < endColumn; j++, here += inChannels) if (x[here]! > x[greatest]!) greatest = here;
          }
          dx[greatest]! += dy[at]!;
        }
      }
    }
  }
  return out;
};
