// Which ONNX Runtime providers are worth trying on this machine, for a device that was asked for.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import type { DEVICES } from '../../../schemas/spec.js';
import type { Provider } from './runtime.js';

/** Whether there is a sign of a GPU; asking a driver that is not there costs a second and prints warnings. */
export function hasGpu(): boolean {
  return platform() !== 'linux' || ['/dev/nvidiactl', '/dev/dri/renderD128', '/dev/dxg'].some(existsSync);
}

/** The CUDA provider is no part of the npm package; `npm run setup:cuda` brings it. */
export function hasCudaProvider(): boolean {
  try {
    const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
    return existsSync(join(dirname(entry), '..', 'bin', 'napi-v6', platform(), arch(), 'libonnxruntime_providers_cuda.so'));
  } catch {
    return false;
  }
}

/** In the order in which to try them. */
export function providersFor(device: (typeof DEVICES)[number]): Provider[] {
  if (device === 'cpu') return ['cpu'];
  const onGpu: Provider[] = [...(hasCudaProvider() ? ['cuda' as const] : []), 'webgpu'];
  if (device === 'gpu') return onGpu;
  return hasGpu() ? [...onGpu, 'cpu'] : ['cpu'];
}
