// What `nvidia-smi` says of the GPUs and of the processes on them, read from its CSV. Pure.
// The fields: `nvidia-smi --help-query-gpu`, `--help-query-compute-apps`. Multi-instance GPUs (MIG), which are divided:
// https://docs.nvidia.com/datacenter/tesla/mig-user-guide

export interface GpuReading {
  /** In the order of the PCI bus, as CUDA counts with CUDA_DEVICE_ORDER=PCI_BUS_ID. */
  index: number;
  /** Of a GPU, or of an instance of one; as CUDA_VISIBLE_DEVICES takes it. */
  uuid: string;
  /** Null for a whole GPU. */
  instance: { index: number; gpuUuid: string } | null;
  /** In MIG mode: CUDA sees of it the first instance alone, whatever there are. */
  isDivided: boolean;
  name: string;
  memoryMiB: number | null;
  memoryUsedMiB: number | null;
  /** Share of the last moments in which something was computed. */
  utilizationPercent: number | null;
  temperatureCelsius: number | null;
}

/** A process that computes on a GPU; one that is on two is listed twice. */
export interface GpuProcess {
  gpuUuid: string;
  pid: number;
  name: string;
  memoryMiB: number | null;
}

const CSV = '--format=csv,noheader,nounits';
// Names come last: they alone may hold a comma, and nothing is quoted.
export const GPU_QUERY: readonly string[] = ['--query-gpu=index,uuid,memory.total,memory.used,utilization.gpu,temperature.gpu,mig.mode.current,name', CSV];
/** GPUs with their instances, of which the table says nothing. */
export const LIST: readonly string[] = ['-L'];
export const PROCESS_QUERY: readonly string[] = ['--query-compute-apps=gpu_uuid,pid,used_memory,process_name', CSV];

/** Its remarks, on a driver that does not answer or a GPU that is lost, stand among the lines and are passed over. */
export function parseGpus(text: string): GpuReading[] {
  return rows(text, 8).flatMap(([index = '', uuid = '', total, used, utilization, temperature, mig, name = '']) =>
    isCount(index) && isUuid(uuid) && !isFailing(total)
      ? [{ index: Number(index), uuid, instance: null, isDivided: mig === 'Enabled', name, memoryMiB: amount(total), memoryUsedMiB: amount(used), utilizationPercent: amount(utilization), temperatureCelsius: amount(temperature) }]
      : []);
}

interface Instance {
  index: number;
  uuid: string;
  /** Its part of the GPU. */
  profile: string;
}

/** GPUs that are divided give way to their instances, as the list tells them. */
export function withInstances(gpus: readonly GpuReading[], list: string): GpuReading[] {
  const instances = parseInstances(list);
  return gpus.flatMap((gpu) => (gpu.isDivided ? (instances.get(gpu.uuid) ?? []).map((instance) => readingOf(instance, gpu)) : [gpu]));
}

function readingOf({ index, uuid, profile }: Instance, gpu: GpuReading): GpuReading {
  return {
    ...gpu, uuid, instance: { index, gpuUuid: gpu.uuid }, isDivided: false, name: `${gpu.name} MIG ${profile}`,
    memoryMiB: profileMiB(profile), memoryUsedMiB: null, utilizationPercent: null,
  };
}

/** By the GPU's uuid; each line of an instance stands below that of its GPU. */
function parseInstances(list: string): Map<string, Instance[]> {
  const instances = new Map<string, Instance[]>();
  let current: Instance[] = [];
  for (const line of list.split('\n')) {
    const gpuUuid = /^GPU \d+: .*\(UUID: (GPU-[^)]+)\)/.exec(line)?.[1];
    if (gpuUuid !== undefined) instances.set(gpuUuid, (current = []));
    const [, profile, index, uuid] = /^\s+MIG (\S+)\s+Device\s+(\d+):\s+\(UUID: (MIG-[^)]+)\)/.exec(line) ?? [];
    if (profile !== undefined && uuid !== undefined) current.push({ index: Number(index), uuid, profile });
  }
  return instances;
}

/** `1g.10gb`, `1g.10gb+me`; `1c.3g.20gb` computes with one part of three, which have their memory in common. */
function profileMiB(profile: string): number | null {
  const [, own, slices, gib] = /^(?:(\d+)c\.)?(\d+)g\.(\d+)gb/.exec(profile) ?? [];
  return gib === undefined ? null : Math.floor((Number(gib) * 1024 * Number(own ?? slices)) / Number(slices));
}

/** As `parseGpus`. */
export function parseProcesses(text: string): GpuProcess[] {
  return rows(text, 4).flatMap(([gpuUuid = '', pid = '', memory, name = '']) => (isCount(pid) && isUuid(gpuUuid) ? [{ gpuUuid, pid: Number(pid), name, memoryMiB: amount(memory) }] : []));
}

/**
 * Those that whoever started us lets us use, by CUDA_VISIBLE_DEVICES: indexes, or the beginnings of uuids. Who names a
 * GPU that is divided means all of it. As for CUDA, the first that there is not ends the list.
 */
export function visibleGpus(gpus: readonly GpuReading[], visible: string | undefined): GpuReading[] {
  if (visible === undefined) return [...gpus];
  const wanted = visible.split(',').map((word) => word.trim());
  const isNamed = (word: string, { index, uuid, instance }: GpuReading) =>
    isCount(word) ? index === Number(word) : isUuid(word) && (uuid.startsWith(word) || instance?.gpuUuid.startsWith(word) === true);
  const found = wanted.map((word) => gpus.filter((gpu) => isNamed(word, gpu)));
  const end = found.findIndex((named) => named.length === 0);
  const some = new Set((end < 0 ? found : found.slice(0, end)).flat());
  return gpus.filter((gpu) => some.has(gpu));
}

const isCount = (text: string) => /^\d+$/.test(text);
/** `[GPU is lost]`, `[Unknown Error]`, `ERR!`: a GPU of which even this is not known computes nothing. */
const isFailing = (memory: string | undefined) => /lost|err/i.test(memory ?? '');
const isUuid = (text: string) => /^(GPU|MIG)-/.test(text);

function rows(text: string, columns: number): string[][] {
  return text.split('\n').map((line) => {
    const parts = line.split(',').map((part) => part.trim());
    return parts.length <= columns ? parts : [...parts.slice(0, columns - 1), parts.slice(columns - 1).join(', ')];
  });
}

/** Null for `[N/A]`, `[Not Supported]`, `ERR!` and the like. */
function amount(text: string | undefined): number | null {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}
