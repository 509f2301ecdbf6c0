// A Vulkan driver for the tests of WebGPU: a GPU's, or the software one that comes with Chromium.
import { existsSync } from 'node:fs';
import { hasGpu } from '../../src/ml/engines/compiled/providers.js';

const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Call before anything asks for an adapter. Answers why there is none, or false. */
export function offerVulkan(): string | false {
  if (!hasGpu() && existsSync(SOFTWARE_DRIVER)) {
    process.env.VK_ICD_FILENAMES ??= SOFTWARE_DRIVER;
    process.env.VK_DRIVER_FILES ??= SOFTWARE_DRIVER;
  }
  return hasGpu() || process.env.VK_ICD_FILENAMES !== undefined ? false : 'there is neither a GPU nor a software Vulkan driver';
}
