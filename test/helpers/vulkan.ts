// A Vulkan driver for the tests of WebGPU: a GPU's, or the software one that comes with Chromium.
import { existsSync } from 'node:fs';
import { hasGpu } from '../../src/ml/engines/compiled/providers.js';

const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
/** Finds the drivers. A GPU's driver brings one, Chromium one for itself alone. */
const LOADERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'].map((folder) => `${folder}/libvulkan.so.1`);

/** Call before anything asks for an adapter. Answers why there is none, or false. */
export function offerVulkan(): string | false {
  if (hasGpu()) return false;
  if (existsSync(SOFTWARE_DRIVER)) {
    process.env.VK_ICD_FILENAMES ??= SOFTWARE_DRIVER;
    process.env.VK_DRIVER_FILES ??= SOFTWARE_DRIVER;
  }
  if (process.env.VK_ICD_FILENAMES === undefined) return 'there is neither a GPU nor a software Vulkan driver';
  return LOADERS.some((file) => existsSync(file)) ? false : 'there is no libvulkan.so.1';
}
