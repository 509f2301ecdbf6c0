// What a trainer is told of the devices that it was placed on.
import { availableParallelism } from 'node:os';
import type { Device } from '../src/devices/worker-repository.js';
import type { RuledOut } from '../src/schemas/ipc.js';
import type { Run } from '../src/schemas/run.js';
import type { RunSpec } from '../src/schemas/spec.js';
import { placementEnv } from './devices.js';

export interface Place {
  env: NodeJS.ProcessEnv;
  /** As it was submitted, but for the kind of device where that is settled. */
  spec: RunSpec;
  /** Backends that do not work there. */
  ruledOut: RuledOut[];
  /** Cores that it may use. */
  threads: number;
}

/** Thrown when it was placed on a device that is not there any more. */
export class DeviceGoneError extends Error {
  override readonly name = 'DeviceGoneError';
}

/** @throws DeviceGoneError */
export function placeOf({ spec, placement }: Pick<Run, 'spec' | 'placement'>, devices: readonly Device[]): Place {
  const ids = placement?.devices ?? [];
  const chosen = devices.filter(({ id }) => ids.includes(id));
  if (chosen.length < ids.length) throw new DeviceGoneError();
  const isOnGpu = chosen.some(({ kind, simulated }) => kind === 'gpu' && !simulated);
  return {
    env: placementEnv(chosen),
    spec: isOnGpu || ids.length === 0 ? spec : onProcessor(spec, chosen),
    ruledOut: devices.filter((device) => device.kind === 'cpu' || chosen.includes(device)).flatMap(({ unavailable }) => unavailable),
    // Runs side by side would otherwise each start a thread for every core, and wait for one another.
    threads: Math.max(1, Math.floor(availableParallelism() / (devices.find(({ kind }) => kind === 'cpu')?.slots ?? 1))),
  };
}

/** A GPU that was simulated is none for the trainer, whatever the spec asks for. */
function onProcessor(spec: RunSpec, chosen: readonly Device[]): RunSpec {
  const isSimulated = chosen.some(({ simulated }) => simulated);
  const { backend, ...rest } = spec.resources ?? {};
  return { ...spec, resources: { ...rest, device: 'cpu', ...(backend === undefined || isSimulated ? {} : { backend }) } };
}
