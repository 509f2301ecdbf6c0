// What is said of a run in lists and headings.
import type { MetricValue, Run } from '../api/types.js';
import { numberOf } from './number-of.js';
import { ago, count, duration, percent, plain, several, words } from './format.js';

/** Whether a metric is a share of 1, shown in percent. */
export const isShare = (name: string): boolean => /accuracy/i.test(name);

export const formatOf = (name: string): ((value: number) => string) => (isShare(name) ? percent : plain);

/** The metric that is shown beside the loss; null when there is only the loss. */
export function metricOf(names: readonly string[]): string | null {
  const measured = names.filter((name) => name !== 'loss' && name !== 'learning_rate');
  return measured.includes('accuracy') ? 'accuracy' : (measured[0] ?? null);
}

export interface Headline {
  /** `val_accuracy` */
  name: string;
  value: number;
  /** `97.92 %` */
  text: string;
  /** `test accuracy` */
  label: string;
}

/** The number that says most of a run; null before there is one. */
export function headlineOf({ metrics, spec }: Pick<Run, 'metrics' | 'spec'>, measured: string | null = metricOf(Object.keys(metrics).map((name) => name.replace(/^val_/, '')))): Headline | null {
  const name = [...(measured === null ? [] : [`val_${measured}`, measured]), 'val_loss', 'loss'].find((key) => metrics[key] !== undefined);
  if (name === undefined) return null;
  const value = numberOf(metrics[name] as MetricValue);
  return { name, value, text: formatOf(name)(value), label: words(name.replace(/^val_/, spec.dataset.validation === 'test' ? 'test_' : 'validation_')) };
}

/** Milliseconds until its training ends, as fast as it is now; null where nobody knows. */
export function leftMsOf({ state, progress, spec }: Pick<Run, 'state' | 'progress' | 'spec'>): number | null {
  const { step, totalSteps, examplesPerSecond } = progress;
  if (state !== 'running' || examplesPerSecond === null || examplesPerSecond <= 0 || step >= totalSteps) return null;
  return (((totalSteps - step) * spec.fit.batchSize) / examplesPerSecond) * 1000;
}

/** How long its latest attempt has trained, or did; null before. */
export function lastedMsOf({ startedAt, endedAt }: Pick<Run, 'startedAt' | 'endedAt'>, now: number): number | null {
  return startedAt === null ? null : Math.max(0, (endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt));
}

/** What it is, in one line. */
export function specLineOf({ name, recipe, spec, createdAt, user }: Pick<Run, 'name' | 'recipe' | 'spec' | 'createdAt'> & { user?: string | null }, now: number): string {
  const { optimizer, fit, dataset } = spec;
  const rate = 'learningRate' in optimizer && typeof optimizer.learningRate === 'number' ? ` ${plain(optimizer.learningRate)}` : '';
  return [recipe === null || recipe === name ? null : recipe, dataset.name, `${optimizer.type}${rate}`, `batches of ${count(fit.batchSize)}`, several(fit.epochs, 'epoch'), user ?? null, ago(createdAt, now)].filter(Boolean).join(' · ');
}

/** `epoch 3 of 5, about 12 s left` */
export function progressLineOf(run: Pick<Run, 'state' | 'progress' | 'spec'>): string {
  const left = leftMsOf(run);
  return `epoch ${count(run.progress.epoch)} of ${count(run.progress.epochs)}${left === null ? '' : `, ${duration(left)} left`}`;
}
