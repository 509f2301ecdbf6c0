// GPUs that are none: runs are placed on them as on real ones, and trained on the processor. For trying out how a box
// is shared. Pure.

export interface SimulatedGpus {
  count: number;
  memoryMiB: number;
}

/** What the setting may be: up to 99 of up to 999,999 each. */
export const SIMULATED_GPUS_PATTERN = '^[1-9][0-9]?x[1-9][0-9]{0,5}(MiB|GiB)$';

/** `2x16GiB`; null for anything that is not of the pattern. */
export function parseSimulatedGpus(text: string): SimulatedGpus | null {
  if (!new RegExp(SIMULATED_GPUS_PATTERN).test(text)) return null;
  const [count = '', size = ''] = text.split('x');
  return { count: Number(count), memoryMiB: Number.parseInt(size, 10) * (size.endsWith('GiB') ? 1024 : 1) };
}
