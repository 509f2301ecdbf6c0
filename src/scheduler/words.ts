// Amounts as people say them.
import type { DeviceKind } from '../schemas/device-kind.js';

/** `700 MiB`, and with one decimal from 1 GiB on: `1.2 GiB`. Up, for what is needed or missing; down, for what there is. */
export function memoryInWords(memoryMiB: number, round: (value: number) => number = Math.ceil): string {
  const whole = round(memoryMiB);
  return whole < 1024 ? `${whole} MiB` : `${(round((whole / 1024) * 10) / 10).toFixed(1)} GiB`;
}

/** Of so many bytes, the same. */
export const storageInWords = (bytes: number, round?: (value: number) => number): string => memoryInWords(bytes / 2 ** 20, round);

/** `1 run`, `2 runs`. */
export const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** `GPU` or `CPU`, so many. */
export const devicesInWords = (count: number, kind: DeviceKind): string => countOf(count, kind.toUpperCase());
