// The memory of a device as parts of a bar: who holds how much of it, and what is free. Pure.
import type { Run } from '../../api/types.js';
import type { DeviceView, MemoryPart } from '../../live/device-view.js';

export interface Held extends MemoryPart {
  /** As much as it holds, or as is kept for it where that was not measured. */
  shownMiB: number;
}

export interface Memory {
  /** At least as much as is held: samples of runs and of the device are of moments that differ a little. */
  barMiB: number;
  totalMiB: number;
  parts: readonly Held[];
  /** Null where nobody tells what somebody on it holds. */
  freeMiB: number | null;
}

/** `keptOf`: what is kept for a run on each of its devices; null where nothing is known of it. Null where the size is not known. */
export function memoryOf({ device, memoryMiB, usedMiB, parts }: DeviceView, keptOf: (runId: string) => number | null): Memory | null {
  if (memoryMiB === null || memoryMiB <= 0) return null;
  const shown = parts.map((part) => ({ ...part, shownMiB: part.memoryMiB ?? (part.runId === null ? null : keptOf(part.runId)) ?? 0 }));
  const held = shown.reduce((sum, part) => sum + part.shownMiB, 0);
  // What is in use of a processor's memory is of the whole box, which runs have only a part of.
  const used = device.kind === 'gpu' ? usedMiB : null;
  const isKnown = used !== null || shown.every(({ memoryMiB: told, shownMiB }) => told !== null || shownMiB > 0);
  return { barMiB: Math.max(memoryMiB, held), totalMiB: memoryMiB, parts: shown, freeMiB: isKnown ? Math.max(0, memoryMiB - Math.max(held, used ?? 0)) : null };
}

/** `700 MiB`, `1.2 GiB`, `16 GiB` */
export function mib(amount: number): string {
  if (amount < 1000) return `${Math.round(amount)} MiB`;
  const gib = amount / 1024;
  return `${gib < 99.5 ? Number(gib.toFixed(1)) : Math.round(gib)} GiB`;
}

export const keptFor = (runs: ReadonlyMap<string, Run>) => (runId: string): number | null => runs.get(runId)?.placement?.memoryMiB ?? null;
