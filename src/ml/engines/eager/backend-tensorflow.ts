// The `tensorflow` backend: TensorFlow's own library through the native addon of `@tensorflow/tfjs-node-gpu`.
// The package is optional and comes without its addon; `npm run setup:tensorflow` brings that.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { BackendUnavailable, cpuName, firstLine, type OpenTheBackend } from './backend-opening.js';

const PACKAGE = '@tensorflow/tfjs-node-gpu';

/**
 * Where the addon is, or is to be. The 8 is the newest Node-API version that the package names; every Node that
 * we run on has it.
 * @throws BackendUnavailable when the package is not installed
 */
export function tensorflowAddonPath(): string {
  try {
    const root = dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`));
    return join(root, 'lib', 'napi-v8', 'tfjs_binding.node');
  } catch (cause) {
    throw new BackendUnavailable(`the optional package ${PACKAGE} is not installed`, { cause });
  }
}

/** Whether `npm run setup:tensorflow` has brought the native part; it may still not load. */
export function hasTensorflowAddon(): boolean {
  try {
    return existsSync(tensorflowAddonPath());
  } catch {
    return false;
  }
}

/** What we read of the backend's object; its type is not exported. */
interface NodeBackend {
  isUsingGpuDevice: boolean;
  binding: { TF_Version: string };
}

/** A GPU is used when the library is built for one and sees one (`CUDA_VISIBLE_DEVICES` hides them). */
export const openTensorflow: OpenTheBackend = async ({ gpuName }) => {
  // Asked before the import: the package loads half of TF.js before it finds its addon missing.
  if (!existsSync(tensorflowAddonPath())) {
    throw new BackendUnavailable('its native part is not there; `npm run setup:tensorflow` brings it');
  }
  try {
    await import(PACKAGE);
  } catch (cause) {
    throw new BackendUnavailable(`its native part does not load: ${firstLine(cause)}`, { cause });
  }
  if (!(await tf.setBackend('tensorflow'))) throw new BackendUnavailable('TF.js could not start it');
  const { isUsingGpuDevice, binding } = tf.backend() as unknown as NodeBackend;
  const library = `TensorFlow ${binding.TF_Version}`;
  return isUsingGpuDevice
    ? { device: 'gpu', deviceName: `${gpuName ?? 'GPU'}, ${library}` }
    : { device: 'cpu', deviceName: `${cpuName()}, ${library}` };
};
