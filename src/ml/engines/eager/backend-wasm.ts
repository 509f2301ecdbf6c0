// The `wasm` backend: XNNPACK in WebAssembly, on any machine. One thread: TF.js has its threaded build switched
// off on Node. Forced on, two threads made convolutions up to 1.7 times faster on idle cores, and training
// up to four times slower on busy ones, since XNNPACK's threads wait for each other by spinning.
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { BackendUnavailable, cpuName, type OpenTheBackend } from './backend-opening.js';
import { registerWasmKernels } from './wasm-kernels.js';

export const openWasm: OpenTheBackend = async () => {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  registerWasmKernels();
  // A second opening finds it initialized, and TF.js refuses paths then.
  if (tf.engine().registry['wasm'] === undefined) {
    const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(dirname(entry) + sep);
  }
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) {
    throw new BackendUnavailable('this processor or Node has no WebAssembly SIMD');
  }
  if (!(await tf.setBackend('wasm'))) throw new BackendUnavailable('TF.js could not start it');
  return { device: 'cpu', deviceName: `${cpuName()}, WebAssembly SIMD` };
};
