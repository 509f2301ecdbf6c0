// Which training states of a run stay. Pure.
import { fromMetricValue } from '../metrics/values.js';
import type { MetricValue } from '../schemas/run.js';

interface Kept {
  path: string;
  epoch: number;
  metrics: Readonly<Record<string, MetricValue>>;
}

export interface Retention {
  keepLast: number;
  keepBest: number;
  /** The metric that tells the best, and which way is better. */
  monitor: string;
  direction: 'min' | 'max';
}

/** Those to drop of `checkpoints`, which come latest first. Of an epoch, the one right after it stands for it. */
export function checkpointsToDrop(checkpoints: readonly Kept[], { keepLast, keepBest, monitor, direction }: Retention): Kept[] {
  const valueOf = ({ metrics }: Kept): number => fromMetricValue(metrics[monitor] ?? 'NaN');
  const byEpoch = new Map(checkpoints.map((checkpoint) => [checkpoint.epoch, checkpoint]));
  const ranked = [...byEpoch.values()].filter((checkpoint) => !Number.isNaN(valueOf(checkpoint)));
  ranked.sort((a, b) => (direction === 'min' ? valueOf(a) - valueOf(b) : valueOf(b) - valueOf(a)));
  const kept = new Set([...checkpoints.slice(0, keepLast), ...ranked.slice(0, keepBest)]);
  return checkpoints.filter((checkpoint) => !kept.has(checkpoint));
}
