// What drivers and runtimes were seen to say when memory ran out.
import t from 'tap';
import { exhaustedMemory } from '../../../workers/exhausted-memory.js';

const GPU = 'out_of_gpu_memory';
const HOST = 'out_of_memory';

const MESSAGES: [what: string, message: string, backend: string | null, expected: string | null][] = [
  ['TensorFlow on a GPU', 'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[4096,64,28,28] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc', 'tensorflow', GPU],
  ['TensorFlow on the CPU', 'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[4096,64,28,28] and type float on /job:localhost/replica:0/task:0/device:CPU:0 by allocator cpu', 'tensorflow', HOST],
  ['TensorFlow with oneDNN', 'OOM when allocating tensor with shape[9] and type float on /job:localhost/replica:0/task:0/device:CPU:0 by allocator mklcpu', 'tensorflow', HOST],
  ['TensorFlow that cannot copy', 'Invalid TF_Status: 13\nMessage: Failed copying input tensor from /job:localhost/replica:0/task:0/device:CPU:0 to /job:localhost/replica:0/task:0/device:GPU:0 in order to run _EagerConst: Dst tensor is not initialized.', 'tensorflow', GPU],
  ['its driver', 'failed to allocate 7.39G (7935050752 bytes) from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory', null, GPU],
  ['its libraries', 'failed to create cublas handle: CUBLAS_STATUS_ALLOC_FAILED', 'tensorflow', GPU],
  ['cuDNN', 'Could not create cudnn handle: CUDNN_STATUS_ALLOC_FAILED', 'tensorflow', GPU],
  ['the arena of ONNX Runtime on CUDA', "Non-zero status code returned while running Conv node. Name:'Conv_111' Status Message: bfc_arena.cc:376 void* onnxruntime::BFCArena::AllocateRawInternal() Failed to allocate memory for requested buffer of size 939524096", 'cuda', GPU],
  ['the same arena on the CPU', 'bfc_arena.cc:376 onnxruntime::BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 939524096', 'cpu', HOST],
  ['CUDA in ONNX Runtime', 'cuda_call.cc:121 onnxruntime::CudaCall CUDA failure 2: out of memory ; GPU=0 ; hostname=box ; file=cuda_stream_handle.cc ; line=175 ; expr=cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);', 'cuda', GPU],
  ['ONNX Runtime on WebGPU', 'WebGPU validation failed. [Invalid Buffer (unlabeled)] is invalid due to a previous error.\n - While validating entries[2] against { binding: 2 }.', 'webgpu', GPU],
  ['its log', '[E:onnxruntime:onnxruntime-node, webgpu_context.cc:171 operator()] WebGPU device error(3): vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY', null, GPU],
  ['TF.js on WebGPU', 'out of GPU memory: vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY\n - While calling [Device].CreateBuffer([BufferDescriptor """"]).', 'webgpu', GPU],
  ['a buffer that no memory would do for', 'the GPU did not compute: Buffer size (4587520000) exceeds the max buffer size limit (1073741824).', 'webgpu', GPU],
  ['V8', 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', null, HOST],
  ['a typed array', 'Array buffer allocation failed', 'webgpu', HOST],
  ['the C++ library', "terminate called after throwing an instance of 'std::bad_alloc'", 'cuda', HOST],
  ['another fault of WebGPU', 'the GPU did not compute: the shader is invalid', 'webgpu', null],
  ['another fault of CUDA', 'CUDA failure 700: an illegal memory access was encountered ; GPU=0', 'cuda', null],
  ['words that only look like it', 'the zoom of the room is too great', 'tensorflow', null],
];

for (const [what, message, backend, expected] of MESSAGES) t.test(what, async (t) => t.equal(exhaustedMemory(message, backend), expected));
