// What drivers and runtimes say when memory runs out; none of them has a code of its own for it.
import type { FailureReason } from '../src/schemas/run.js';

type Exhausted = Extract<FailureReason, 'out_of_gpu_memory' | 'out_of_memory'>;

/**
 * Said of a GPU alone: by TF.js' webgpu backend as we open it, CUDA and its libraries, TensorFlow, which cannot copy to
 * a GPU that is full, Dawn's drivers, and ONNX Runtime on Dawn, which uses the buffer that it did not get.
 */
const OF_A_GPU =
  /out of GPU memory|CUDA_ERROR_OUT_OF_MEMORY|CUDA failure 2\b|CU(?:BLAS|DNN)_STATUS_ALLOC_FAILED|by allocator GPU_|Dst tensor is not initialized|VK_ERROR_OUT_OF_DEVICE_MEMORY|E_OUTOFMEMORY|exceeds the max buffer size limit|\[Invalid Buffer\b/i;
/** Of the host: V8, the C++ library, TensorFlow on the CPU. */
const OF_THE_HOST = /heap out of memory|std::bad_alloc|Array buffer allocation failed|Invalid typed array length|by allocator \w*cpu/i;
/** Of the device that computes: TensorFlow, ONNX Runtime's arena. */
const OF_THE_DEVICE = /OOM when allocating|RESOURCE_EXHAUSTED|Resource exhausted|Failed to allocate memory for requested buffer|out of memory|allocation failed/i;

/** Backends and providers that may compute on a GPU. */
const ON_GPU: ReadonlySet<string> = new Set(['cuda', 'webgpu', 'tensorflow']);

/** Whose memory ran out, by an error's message and what computed, where that is known; null for other errors. */
export function exhaustedMemory(message: string, backend: string | null): Exhausted | null {
  if (OF_A_GPU.test(message)) return 'out_of_gpu_memory';
  if (OF_THE_HOST.test(message)) return 'out_of_memory';
  if (!OF_THE_DEVICE.test(message)) return null;
  return backend !== null && ON_GPU.has(backend) ? 'out_of_gpu_memory' : 'out_of_memory';
}
