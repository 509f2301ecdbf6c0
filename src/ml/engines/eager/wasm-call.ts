// What our kernels for TF.js' wasm backend are written with: other kernels of that backend called
// directly (no engine, no tape), and the views of the wasm heap that hold a tensor's numbers.
import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

export const WASM = 'wasm';

/** One of our kernels, by the names of its inputs. It owns no input and hands over its output. */
export type WasmKernel<I extends string, A> = (backend: BackendWasm, inputs: Record<I, tf.TensorInfo>, attrs: A) => tf.TensorInfo;

/** Runs a kernel of the wasm backend; the caller frees the answer. */
export function call(backend: BackendWasm, kernelName: string, args: { inputs: tf.NamedTensorInfoMap; attrs?: object }): tf.TensorInfo {
  const kernel = tf.getKernel(kernelName, WASM);
  if (kernel === undefined) throw new Error(`the wasm backend has no kernel ${kernelName}`);
  const { inputs, attrs = {} } = args;
  return kernel.kernelFunc({ inputs, backend, attrs: attrs as tf.NamedAttrMap }) as tf.TensorInfo;
}

export function transpose(backend: BackendWasm, x: tf.TensorInfo, perm: number[]): tf.TensorInfo {
  return call(backend, tf.Transpose, { inputs: { x }, attrs: { perm } });
}

/** Frees intermediate results. */
export function free(backend: BackendWasm, ...infos: readonly tf.TensorInfo[]): void {
  for (const { dataId } of infos) backend.disposeData(dataId);
}

/**
 * The numbers of a float32 tensor, in place. Valid until the next allocation: growing the wasm memory
 * detaches it, so take all outputs first and views last.
 */
export function view(backend: BackendWasm, info: tf.TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(info) as Float32Array;
}

/** The shape of a convolution. @throws Error for channels-first data, which no wasm kernel takes. */
export function convolution(
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: tf.Conv2DBackpropFilterAttrs | tf.Conv2DBackpropInputAttrs,
): tf.backend_util.Conv2DInfo {
  if (attrs.dataFormat !== 'NHWC') throw new Error(`the wasm backend has no convolution over ${attrs.dataFormat} data`);
  return tf.backend_util.computeConv2DInfo(
    xShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    attrs.strides,
    1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
}
