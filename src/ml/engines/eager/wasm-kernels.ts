// Kernels that training needs and TF.js' wasm backend lacks, or has only slowly or wrongly. Registered for that backend
// alone; without them a convolution cannot be trained on it at all.
import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { WASM, type WasmKernel } from './wasm-call.js';
import { conv2DBackpropFilter, conv2DBackpropInput } from './wasm-conv2d.js';
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './wasm-depthwise.js';
import { untransposed } from './wasm-matmul.js';
import { maxPoolGrad } from './wasm-pool.js';

function adapt<I extends string, A>(kernel: WasmKernel<I, A>): tf.KernelFunc {
  return ({ inputs, backend, attrs }) => kernel(backend as BackendWasm, inputs as Record<I, tf.TensorInfo>, attrs as unknown as A);
}

/** Registers `kernelFunc`; one that is there already is replaced, and keeps its own set-up. */
function register(kernelName: string, kernelFunc: tf.KernelFunc): void {
  const existing = tf.getKernel(kernelName, WASM);
  if (existing !== undefined) tf.unregisterKernel(kernelName, WASM);
  tf.registerKernel({ ...existing, kernelName, backendName: WASM, kernelFunc });
}

let registered = false;

/** Once a process, after `@tensorflow/tfjs-backend-wasm` is loaded; later calls do nothing. */
export function registerWasmKernels(): void {
  if (registered) return;
  const matMul = tf.getKernel(tf.BatchMatMul, WASM);
  if (matMul === undefined) throw new Error('@tensorflow/tfjs-backend-wasm is not loaded');
  register(tf.BatchMatMul, adapt(untransposed(matMul.kernelFunc)));
  register(tf.Conv2DBackpropFilter, adapt(conv2DBackpropFilter));
  register(tf.Conv2DBackpropInput, adapt(conv2DBackpropInput));
  register(tf.DepthwiseConv2dNativeBackpropFilter, adapt(depthwiseBackpropFilter));
  register(tf.DepthwiseConv2dNativeBackpropInput, adapt(depthwiseBackpropInput));
  register(tf.MaxPoolGrad, adapt(maxPoolGrad));
  registered = true;
}
