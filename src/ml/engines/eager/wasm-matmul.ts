// Matrix products with a transposed operand on the wasm backend. TF.js' kernel takes XNNPACK only when nothing
// is transposed and a plain loop, more than ten times slower, when something is; every gradient of a dense
// layer has one. So the operand is transposed first, which costs next to nothing.
import * as tf from '@tensorflow/tfjs-core';
import { free, transpose, type WasmKernel } from './wasm-call.js';

/** Wraps the backend's own `BatchMatMul`; same inputs `a`, `b` of rank 2 or more, same output. */
export function untransposed(original: tf.KernelFunc): WasmKernel<'a' | 'b', tf.BatchMatMulAttrs> {
  return (backend, inputs, { transposeA, transposeB }) => {
    const made: tf.TensorInfo[] = [];
    const straight = (x: tf.TensorInfo, transposed: boolean): tf.TensorInfo => {
      if (!transposed) return x;
      const out = transpose(backend, x, swapLast(x.shape.length));
      made.push(out);
      return out;
    };
    const a = straight(inputs.a, transposeA);
    const b = straight(inputs.b, transposeB);
    const out = original({ inputs: { a, b }, backend, attrs: { transposeA: false, transposeB: false } });
    free(backend, ...made);
    return out as tf.TensorInfo;
  };
}

function swapLast(rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
}
