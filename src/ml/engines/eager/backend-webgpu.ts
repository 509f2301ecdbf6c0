// The `webgpu` backend: TF.js on Dawn, the WebGPU of the `webgpu` npm package (Vulkan, Metal or Direct3D 12).
// The package and a driver may each be missing. https://github.com/dawn-gpu/node-webgpu
import * as tf from '@tensorflow/tfjs-core';
import { BackendUnavailable, firstLine, type OpenTheBackend } from './backend-opening.js';

/** As much of WebGPU as is used here; TypeScript's Node library has none of it. */
interface Adapter {
  info: { vendor: string; architecture: string; device: string; description: string; isFallbackAdapter?: boolean };
}
interface Device {
  pushErrorScope(filter: (typeof SCOPES)[number]): void;
  popErrorScope(): Promise<{ message: string } | null>;
}
interface Gpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<Adapter | null>;
}
interface Dawn {
  create(options: string[]): Gpu;
  globals: object;
}

/** From the outside in. Without memory for a buffer, what uses the buffer is invalid: the cause is the outer error. */
const SCOPES = ['out-of-memory', 'validation'] as const;

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render/i;

async function loadDawn(): Promise<Dawn> {
  const name: string = 'webgpu';
  try {
    return (await import(name)) as Dawn;
  } catch (cause) {
    const missing = (cause as { code?: string }).code === 'ERR_MODULE_NOT_FOUND';
    throw new BackendUnavailable(missing ? `the optional package ${name} is not installed` : `Dawn does not load: ${firstLine(cause)}`, { cause });
  }
}

let shared: Gpu | undefined;

/** TF.js looks for WebGPU where a browser has it. One Dawn a process: a second would not share its devices. */
function offer({ create, globals }: Dawn): Gpu {
  if (shared !== undefined) return shared;
  shared = create([]);
  Object.assign(globalThis, globals);
  const scope = globalThis as { navigator?: object };
  // Node 20 has no navigator; later ones have one that cannot be assigned.
  if (scope.navigator === undefined) Object.defineProperty(scope, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(scope.navigator, 'gpu', { value: shared, configurable: true });
  return shared;
}

let watched: Device | undefined;

function watch(device: Device): void {
  if (device === watched) return;
  watched = device;
  for (const scope of SCOPES) device.pushErrorScope(scope);
}

/**
 * TF.js does not ask whether the device did what it was told: for a buffer that the device could not have it reads
 * zeros, and training would go on with them.
 * @throws Error naming the first fault since the last call; `out of GPU memory` where it was that
 */
export async function throwDeviceFault(): Promise<void> {
  if (watched === undefined || tf.getBackend() !== 'webgpu') return;
  const invalid = await watched.popErrorScope();
  const outOfMemory = await watched.popErrorScope();
  for (const scope of SCOPES) watched.pushErrorScope(scope);
  if (outOfMemory !== null) throw new Error(`out of GPU memory: ${outOfMemory.message}`);
  if (invalid !== null) throw new Error(`the GPU did not compute: ${invalid.message}`);
}

export const openWebgpu: OpenTheBackend = async () => {
  const gpu = offer(await loadDawn());
  // Asked for first, because TF.js takes a missing adapter for a broken program.
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new BackendUnavailable('there is no GPU with a driver that Dawn takes');
  const { info } = adapter;
  // What is told apart by name has the GPU's in one of them, and its driver's in the other.
  const deviceName = [info.device, info.description].filter(Boolean).join(', ') || [info.vendor, info.architecture].filter(Boolean).join(' ') || 'GPU';

  await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend('webgpu'))) throw new BackendUnavailable(`TF.js could not start it on ${deviceName}`);
  watch((tf.backend() as tf.KernelBackend & { device: Device }).device);
  return info.isFallbackAdapter === true || SOFTWARE.test(`${info.device} ${info.description}`)
    ? { device: 'cpu', deviceName: `${deviceName} (software)`, onlyWhenNamed: `${deviceName} computes in software` }
    : { device: 'gpu', deviceName };
};
