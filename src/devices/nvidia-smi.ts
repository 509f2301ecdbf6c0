// What `nvidia-smi` says of the GPUs and of the processes on them, read from its CSV. Pure.
// The fields: `nvidia-smi --help-query-gpu`, `--help-query-compute-apps`.

export interface GpuReading {
  /** In the order of the PCI bus, as CUDA counts with CUDA_DEVICE_ORDER=PCI_BUS_ID. */
  index: number;
  /** As CUDA_VISIBLE_DEVICES takes it. */
  uuid: string;
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
export const GPU_QUERY: readonly string[] = ['--query-gpu=index,uuid,memory.total,memory.used,utilization.gpu,temperature.gpu,name', CSV];
export const PROCESS_QUERY: readonly string[] = ['--query-compute-apps=gpu_uuid,pid,used_memory,process_name', CSV];

/** Its remarks, on a driver that does not answer or a GPU that is lost, stand among the lines and are passed over. */
export function parseGpus(text: string): GpuReading[] {
  return rows(text, 7).flatMap(([index = '', uuid = '', total, used, utilization, temperature, name = '']) =>
    isCount(index) && isUuid(uuid) && !isFailing(total)
      ? [{ index: Number(index), uuid, name, memoryMiB: amount(total), memoryUsedMiB: amount(used), utilizationPercent: amount(utilization), temperatureCelsius: amount(temperature) }]
      : []);
}

/** As `parseGpus`. */
export function parseProcesses(text: string): GpuProcess[] {
  return rows(text, 4).flatMap(([gpuUuid = '', pid = '', memory, name = '']) => (isCount(pid) && isUuid(gpuUuid) ? [{ gpuUuid, pid: Number(pid), name, memoryMiB: amount(memory) }] : []));
}

/**
 * Those that whoever started us lets us use, by CUDA_VISIBLE_DEVICES: indexes, or the beginnings of uuids. As for CUDA,
 * the first that there is not ends the list.
 */
export function visibleGpus(gpus: readonly GpuReading[], visible: string | undefined): GpuReading[] {
  if (visible === undefined) return [...gpus];
  const wanted = visible.split(',').map((word) => word.trim());
  const found = wanted.map((word) => gpus.find(({ index, uuid }) => (isCount(word) ? index === Number(word) : isUuid(word) && uuid.startsWith(word))));
  const end = found.indexOf(undefined);
  const some = new Set(end < 0 ? found : found.slice(0, end));
  return gpus.filter((gpu) => some.has(gpu));
}

const isCount = (text: string) => /^\d+$/.test(text);
/** `[GPU is lost]`, `[Unknown Error]`, `ERR!`: a GPU of which even this is not known computes nothing. */
const isFailing = (memory: string | undefined) => /lost|err/i.test(memory ?? '');
const isUuid = (text: string) => text.startsWith('GPU-');

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
