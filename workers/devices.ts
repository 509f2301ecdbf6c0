// The devices of this box, put together from what was found out about them, and what a trainer must be told to be on
// some of them. Pure.
import { cpus } from 'node:os';
import type { GpuReading } from '../src/devices/nvidia-smi.js';
import type { Device } from '../src/devices/worker-repository.js';
import type { SimulatedGpus } from '../src/devices/simulated-gpus.js';
import type { BackendProbe } from '../src/ml/engines/eager/backends.js';
import type { RunSample } from '../src/schemas/live.js';
import type { GpuReadings } from './gpu-monitor.js';
import type { GpuShare } from './gpu-shares.js';

export interface CpuReading {
  memoryUsedMiB: number;
  utilizationPercent: number | null;
  at: Date;
}

export interface BoxFacts {
  cpu: CpuReading;
  cpuMemoryMiB: number;
  cpuSlots: number;
  gpuSlots: number;
  /** They stand instead of real ones. */
  simulatedGpus: SimulatedGpus | null;
  /** Empty until the probe has ended. */
  probes: readonly BackendProbe[];
  nvidia: GpuReadings;
  /** Nobody knows any more whether the NVIDIA GPUs are there. */
  isSilent?: boolean;
  /** Whether ONNX Runtime has its CUDA provider here, which the probes do not tell of. */
  hasCuda?: boolean;
  /** By the GPU's uuid. */
  shares: ReadonlyMap<string, GpuShare>;
  runs: readonly RunSample[];
}

/** `gpu:0`; an instance of it is `gpu:0.1`. */
export const nvidiaId = ({ index, instance }: Pick<GpuReading, 'index' | 'instance'>) => gpuId(instance === null ? index : `${index}.${instance.index}`);
const gpuId = (which: number | string) => `gpu:${which}`;

/** GPUs first. */
export function describeDevices(facts: BoxFacts): Device[] {
  const { cpu, cpuMemoryMiB, cpuSlots, gpuSlots, simulatedGpus, probes, nvidia, shares, isSilent = false, hasCuda = false } = facts;
  const backends = (kind: Device['kind']) => probes.filter((found) => found.automatic && found.device === kind).map((found) => found.backend);
  const cores = cpus();
  const processor: Device = {
    ...UNKNOWN, id: 'cpu', kind: 'cpu', name: cores[0]?.model.trim() || 'CPU', cores: cores.length, slots: cpuSlots,
    memoryMiB: cpuMemoryMiB, memoryUsedMiB: cpu.memoryUsedMiB, utilizationPercent: cpu.utilizationPercent, sampledAt: cpu.at.toISOString(),
    backends: backends('cpu'),
    unavailable: probes.flatMap(({ backend, reason }) => (reason === null ? [] : [{ backend, reason }])),
  };

  function gpus(): Device[] {
    if (simulatedGpus !== null) {
      return Array.from({ length: simulatedGpus.count }, (_, index): Device => ({
        ...UNKNOWN, id: gpuId(index), kind: 'gpu', name: 'Simulated GPU', simulated: true, slots: gpuSlots,
        memoryMiB: simulatedGpus.memoryMiB, foreignMemoryMiB: 0, sampledAt: cpu.at.toISOString(), backends: backends('cpu'),
      }));
    }
    if (nvidia.at !== null) {
      const sampledAt = nvidia.at.toISOString();
      const adapter = adapterOf(nvidia.gpus, probes);
      return nvidia.gpus.map(({ index, instance, isDivided: _, ...gpu }): Device => {
        const usesVulkan = adapter?.uuid === gpu.uuid;
        const offered = backends('gpu');
        const { foreign = [], foreignMemoryMiB = 0 } = shares.get(gpu.uuid) ?? {};
        return { ...UNKNOWN, ...gpu, id: nvidiaId({ index, instance }), kind: 'gpu', slots: isSilent ? 0 : gpuSlots, foreignMemoryMiB, processes: foreign.map(({ pid, name, memoryMiB }) => ({ pid, name, memoryMiB })), sampledAt,
          backends: [...(hasCuda ? ['cuda'] : []), ...offered.filter((backend) => usesVulkan || backend !== 'webgpu')],
          unavailable: usesVulkan || !offered.includes('webgpu') ? [] : [{ backend: 'webgpu', reason: adapter === null ? 'Vulkan sees no instances of GPUs' : `it computes on ${nvidiaId(adapter)}, and cannot be told otherwise` }],
        };
      });
    }
    const adapter = probes.find((found) => found.automatic && found.device === 'gpu');
    // Of its memory nothing is known: nobody can say who fits beside whom.
    return adapter === undefined ? [] : [{ ...UNKNOWN, id: gpuId(0), kind: 'gpu', name: adapter.deviceName ?? 'GPU', slots: 1, backends: backends('gpu') }];
  }

  return [...gpus(), processor].map((device) => ({ ...device, runs: facts.runs.filter(({ deviceIds }) => deviceIds.includes(device.id)).map((run) => shareOf(run, device)) }));
}

/** The GPU that a trainer gets which asks for one by WebGPU: Vulkan knows nothing of CUDA_VISIBLE_DEVICES. Null where none of these. */
function adapterOf(gpus: readonly GpuReading[], probes: readonly BackendProbe[]): GpuReading | null {
  const deviceName = probes.find(({ backend }) => backend === 'webgpu')?.deviceName ?? '';
  const whole = gpus.filter(({ instance }) => instance === null);
  // The longest: one model's name may begin with another's.
  const [named] = whole.filter(({ name }) => deviceName.includes(name)).sort((a, b) => b.name.length - a.name.length || a.index - b.index);
  return named ?? whole[0] ?? null;
}

const UNKNOWN = {
  uuid: null, simulated: false, memoryMiB: null, memoryUsedMiB: null, foreignMemoryMiB: null, utilizationPercent: null, temperatureCelsius: null,
  cores: null, processes: [], runs: [], unavailable: [], sampledAt: null,
} satisfies Partial<Device>;

function shareOf({ runId, attempt, rssMiB, gpus }: RunSample, { id, kind }: Device): Device['runs'][number] {
  return { id: runId, attempt, memoryMiB: kind === 'cpu' ? rssMiB : (gpus.find((gpu) => gpu.id === id)?.memoryMiB ?? null) };
}

/** Both engines would fall back to WebGPU, and thereby to a GPU that they were not placed on. The second is for loaders before 1.3.207. */
const NO_VULKAN = { VK_DRIVER_FILES: '/dev/null', VK_ICD_FILENAMES: '/dev/null' };

/** What a trainer is told so that it is on these devices and on no other GPU. */
export function placementEnv(devices: readonly Pick<Device, 'kind' | 'simulated' | 'uuid' | 'unavailable'>[]): NodeJS.ProcessEnv {
  const order = { CUDA_DEVICE_ORDER: 'PCI_BUS_ID' };
  const real = devices.filter(({ kind, simulated }) => kind === 'gpu' && !simulated);
  // A GPU that is no NVIDIA one, or that `nvidia-smi` does not tell of, is the only one: there is nothing to choose.
  if (real.some(({ uuid }) => uuid === null)) return order;
  const isOffAdapter = real.some(({ unavailable }) => unavailable.some(({ backend }) => backend === 'webgpu'));
  return { ...order, ...(isOffAdapter ? NO_VULKAN : {}), CUDA_VISIBLE_DEVICES: real.map(({ uuid }) => uuid).join(',') };
}
