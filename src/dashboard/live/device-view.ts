// A device as the page shows it: what was read over HTTP, with the latest that its box told since. Pure.
import type { Device } from '../api/types.js';
import type { DevicesMessage } from './protocol.js';

/** Without a word for so long, numbers are called old: the worker tells them every second. */
export const STALE_MS = 15_000;

/** With when it came, by the clock of this browser: those of boxes may be others. */
export interface HeardMessage extends DevicesMessage {
  heardMs: number;
}

export interface MemoryPart {
  kind: 'run' | 'others' | 'foreign';
  /** Of a run that one may see. */
  runId: string | null;
  /** Null where it is not to be had. */
  memoryMiB: number | null;
}

export interface DeviceView {
  /** Unique among all boxes. */
  key: string;
  device: Device;
  utilizationPercent: number | null;
  temperatureCelsius: number | null;
  /** What there is, and what is in use of it by anybody; null where it is not to be had. */
  memoryMiB: number | null;
  usedMiB: number | null;
  otherRuns: number;
  /** Runs that one may see first, in the order in which they are told. */
  parts: readonly MemoryPart[];
  /** When this was so by the clock of its box, in ms since the epoch; null where it cannot be asked. */
  atMs: number | null;
  /** The same by the clock of this browser. */
  heardMs: number | null;
}

/**
 * `latest` is what the device's own box told last; undefined before. `aheadMs`: by how much the clock of the service,
 * which told of the device, is ahead of this browser's.
 */
export function viewOf(device: Device, latest: HeardMessage | undefined, aheadMs = 0): DeviceView {
  const sample = latest?.worker === device.worker.id ? latest.devices.find(({ id }) => id === device.id) : undefined;
  const isNewer = sample !== undefined && Date.parse(latest!.at) >= Date.parse(device.sampledAt ?? latest!.at);
  const now = isNewer ? sample : device;
  const runs = isNewer ? runsOn(device, latest!) : device.runs.map(({ id, memoryMiB }) => ({ runId: id, memoryMiB }));
  const { memoryMiB, memoryUsedMiB, foreignMemoryMiB, otherRuns } = now;
  const parts: MemoryPart[] = runs.map((run) => ({ kind: 'run', ...run }));
  const ofRuns = sum(runs.map((run) => run.memoryMiB));
  if (otherRuns > 0) {
    // The processor's use is that of the whole box: what of it is of which run nobody tells.
    const rest = device.kind === 'cpu' || memoryUsedMiB === null ? null : Math.max(0, memoryUsedMiB - (foreignMemoryMiB ?? 0) - ofRuns);
    parts.push({ kind: 'others', runId: null, memoryMiB: rest });
  }
  if ((foreignMemoryMiB ?? 0) > 0) parts.push({ kind: 'foreign', runId: null, memoryMiB: foreignMemoryMiB });
  const at = isNewer ? latest!.at : device.sampledAt;
  return {
    key: `${device.worker.id}/${device.id}`, device, parts, otherRuns, memoryMiB, usedMiB: memoryUsedMiB,
    utilizationPercent: now.utilizationPercent, temperatureCelsius: now.temperatureCelsius,
    atMs: at === null ? null : Date.parse(at), heardMs: isNewer ? latest!.heardMs : at === null ? null : Date.parse(at) - aheadMs,
  };
}

function runsOn({ id, kind }: Device, { runs }: DevicesMessage): { runId: string; memoryMiB: number | null }[] {
  return runs.filter(({ deviceIds }) => deviceIds.includes(id)).map((run) => {
    const onGpu = run.gpus.find((gpu) => gpu.id === id);
    return { runId: run.runId, memoryMiB: onGpu?.memoryMiB ?? (kind === 'cpu' ? run.rssMiB : null) };
  });
}

/** By how much a clock is ahead that says `date` in an answer of now; it tells no more than the second. */
export function aheadOf(date: string | null, now: number): number {
  const aheadMs = date === null ? NaN : Date.parse(date) - now;
  return Math.abs(aheadMs) > 2000 ? aheadMs : 0;
}

/** Whether its numbers are too old to be those of now. */
export const isStale = ({ heardMs }: DeviceView, now: number): boolean => heardMs !== null && now - heardMs > STALE_MS;

/** Devices by the name of their box, GPUs before processors, each in the order of their numbers. */
export function byBox(views: readonly DeviceView[]): ReadonlyMap<string, readonly DeviceView[]> {
  const rank = ({ device: { kind, id } }: DeviceView) => `${kind === 'gpu' ? 0 : 1} ${id}`;
  const sorted = [...views].sort((a, b) => rank(a).localeCompare(rank(b), 'en', { numeric: true }));
  const boxes = new Map<string, DeviceView[]>();
  for (const view of sorted) {
    const { box } = view.device.worker;
    boxes.set(box, [...(boxes.get(box) ?? []), view]);
  }
  return boxes;
}

const sum = (values: readonly (number | null)[]): number => values.reduce<number>((all, value) => all + (value ?? 0), 0);
