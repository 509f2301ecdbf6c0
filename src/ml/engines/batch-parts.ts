// Gradient accumulation: a batch that a device cannot hold whole is computed in parts, one after the other.

/** Consecutive examples of a batch. */
export interface BatchPart {
  from: number;
  size: number;
}

/** Examples in each part but the last, which may be smaller. */
export const partSize = (batch: number, steps = 1): number => Math.ceil(batch / steps);

/** The parts of a batch: `steps`, or as many fewer as equal ones make up. */
export function partsOf(batch: number, steps?: number): BatchPart[] {
  const size = partSize(batch, steps);
  return Array.from({ length: Math.ceil(batch / size) }, (_, i) => ({ from: i * size, size: Math.min(size, batch - i * size) }));
}
