// Which TF.js backend computes on which kind of device, as far as that can be known without loading it.
import type { Backend, DEVICES } from '../../schemas/spec.js';

/** Why the backend can never serve the device; null when it may. */
export function deviceMismatch(backend: Backend, device: (typeof DEVICES)[number]): string | null {
  if (device === 'gpu' && (backend === 'wasm' || backend === 'cpu')) return 'it computes on the CPU';
  if (device === 'cpu' && backend === 'webgpu') return 'it computes on a GPU';
  return null;
}
