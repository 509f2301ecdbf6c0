// What callbacks watch: the name of an epoch metric, and which way is better.

export type Direction = 'min' | 'max';

/** A callback or schedule watches something that the run's epochs do not report. */
export class UnknownMonitorError extends Error {
  readonly monitor: string;

  constructor(monitor: string, known: readonly string[]) {
    super(`there is no metric "${monitor}" to monitor; the run has ${known.join(', ')}`);
    this.name = 'UnknownMonitorError';
    this.monitor = monitor;
  }
}

/**
 * The metric to watch: `asked`, or the loss, of the validation where there is one.
 * @throws UnknownMonitorError when `known` does not have it.
 */
export function resolveMonitor(asked: string | undefined, known: readonly string[]): string {
  const monitor = asked ?? (known.includes('val_loss') ? 'val_loss' : 'loss');
  if (!known.includes(monitor)) throw new UnknownMonitorError(monitor, known);
  return monitor;
}

/** As Keras: an accuracy should rise, anything else fall. */
export function directionOf(monitor: string, mode: 'auto' | Direction = 'auto'): Direction {
  if (mode !== 'auto') return mode;
  return monitor.endsWith('accuracy') ? 'max' : 'min';
}

/** Whether `value` beats `best` by more than `minDelta`. Anything but NaN beats no value. */
export function isImprovement(
  value: number,
  best: number | null,
  { direction, minDelta = 0 }: { direction: Direction; minDelta?: number },
): boolean {
  if (best === null) return !Number.isNaN(value);
  return direction === 'min' ? value < best - minDelta : value > best + minDelta;
}
