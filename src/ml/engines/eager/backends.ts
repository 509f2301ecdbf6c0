// Which TF.js backend a run trains on: the first that works of tensorflow, webgpu, wasm, cpu, unless one is
// named. Each is loaded only when its turn comes, so a trainer on wasm never loads the rest.
import * as tf from '@tensorflow/tfjs-core';
import { BACKENDS, type Backend, type DEVICES } from '../../../schemas/spec.js';
import { firstLine, NoBackendError, type OpenTheBackend, type Tried } from './backend-opening.js';
import { deviceMismatch } from '../backend-device.js';
import { correctGradients } from '../gradients.js';
import { openCpu } from './backend-cpu.js';
import { openTensorflow } from './backend-tensorflow.js';
import { openWasm } from './backend-wasm.js';
import { openWebgpu } from './backend-webgpu.js';

export { BackendUnavailable, NoBackendError, type OpenTheBackend, type Tried } from './backend-opening.js';

export interface BackendRequest {
  /** `gpu`: nothing else will do. `cpu`: no GPU is touched. */
  device: (typeof DEVICES)[number];
  backend: 'auto' | Backend;
  /** The GPU's name, where the caller knows it: TensorFlow does not tell. */
  gpuName?: string | undefined;
  /** Backends that an earlier probe of this machine ruled out for `auto`; they are not loaded again. */
  ruledOut?: readonly Tried[];
}

export interface BackendChoice {
  backend: Backend;
  device: 'gpu' | 'cpu';
  deviceName: string;
  /** The backends before it, and why they were not taken. */
  tried: Tried[];
}

/** What one backend could do on this machine. */
export interface BackendProbe {
  backend: Backend;
  available: boolean;
  /** Whether `auto` may take it. */
  automatic: boolean;
  device: 'gpu' | 'cpu' | null;
  deviceName: string | null;
  /** Why it is not available, or not taken by `auto`; null when neither. */
  reason: string | null;
}

export type Openers = Record<Backend, OpenTheBackend>;
const OPENERS: Openers = { tensorflow: openTensorflow, webgpu: openWebgpu, wasm: openWasm, cpu: openCpu };

/**
 * Makes a backend TF.js' current one and answers which, on what, and why not those before it.
 * @throws NoBackendError when the named one does not work, or none fits the device
 */
export async function selectBackend(request: BackendRequest, openers: Openers = OPENERS): Promise<BackendChoice> {
  // Without it the slower backends greet every process with advice to install tfjs-node.
  tf.enableProdMode();
  const named = request.backend !== 'auto';
  const tried: Tried[] = [];
  for (const backend of request.backend === 'auto' ? BACKENDS : [request.backend]) {
    const why = deviceMismatch(backend, request.device) ?? (named ? null : (request.ruledOut?.find((known) => known.backend === backend)?.reason ?? null));
    if (why !== null) {
      tried.push({ backend, reason: why });
      continue;
    }
    try {
      const { device, deviceName, onlyWhenNamed } = await openers[backend]({ gpuName: request.gpuName });
      if (request.device !== 'auto' && device !== request.device) {
        tried.push({ backend, reason: `it computes on ${device === 'gpu' ? 'a GPU' : 'the CPU'} (${deviceName})` });
      } else if (onlyWhenNamed !== undefined && !named) {
        tried.push({ backend, reason: onlyWhenNamed });
      } else {
        correctGradients();
        return { backend, device, deviceName, tried };
      }
    } catch (thrown) {
      tried.push({ backend, reason: firstLine(thrown) });
    }
  }
  throw new NoBackendError(`device ${request.device} and backend ${request.backend}`, tried);
}

/** One line for the log: which backend, on what, and why not the others. */
export function describeChoice({ backend, device, deviceName, tried }: BackendChoice): string {
  const others = tried.map((other) => `${other.backend}: ${other.reason}`).join('; ');
  return `backend ${backend} on ${device} (${deviceName})${others === '' ? '' : `; not ${others}`}`;
}

/**
 * Tries every backend. It loads them all and leaves them loaded, so it belongs in a process of its own; the
 * current backend of that process, if there was one, is current again afterwards.
 */
export async function probeBackends(options: { gpuName?: string | undefined } = {}, openers: Openers = OPENERS): Promise<BackendProbe[]> {
  tf.enableProdMode();
  const before = tf.engine().backendName;
  const probes: BackendProbe[] = [];
  for (const backend of BACKENDS) {
    try {
      const { device, deviceName, onlyWhenNamed } = await openers[backend](options);
      probes.push({ backend, available: true, automatic: onlyWhenNamed === undefined, device, deviceName, reason: onlyWhenNamed ?? null });
    } catch (thrown) {
      probes.push({ backend, available: false, automatic: false, device: null, deviceName: null, reason: firstLine(thrown) });
    }
  }
  if (before !== undefined) await tf.setBackend(before);
  return probes;
}
