// What is said of a run in lists and headings.
import { hasEnded, HELD_STATES, isHeld } from '../../portable/run-states.js';
import type { MetricValue, Run, RunState } from '../api/types.js';
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

/** The same of its best epoch, or of the latest where none is known as the best. */
export const bestOf = (run: Pick<Run, 'metrics' | 'bestMetrics' | 'spec'>): Headline | null => headlineOf({ spec: run.spec, metrics: run.bestMetrics ?? run.metrics });

const TRAINING: readonly RunState[] = ['running'];

/** How long a run was in some states, all its attempts together; null where it never was. */
function timeIn(states: readonly RunState[], { transitions }: Pick<Run, 'transitions'>, now: number): number | null {
  const spans = transitions.flatMap(({ state, at }, index) => (states.includes(state) ? [Math.max(0, endOf(transitions[index + 1], now) - Date.parse(at))] : []));
  return spans.length === 0 ? null : spans.reduce((sum, span) => sum + span, 0);
}

const endOf = (next: { at: string } | undefined, now: number): number => (next === undefined ? now : Date.parse(next.at));

/** How long it has been at work, or was, all its attempts together; null before. Waiting and pauses are none of it. */
export const lastedMsOf = (run: Pick<Run, 'transitions'>, now: number): number | null => timeIn(HELD_STATES, run, now);

/** When it first began, in whichever attempt; null before. */
export const startOf = ({ transitions }: Pick<Run, 'transitions'>): string | null => transitions.find(({ state }) => state === 'starting')?.at ?? null;

/** How fast it trains, or did to its end; null where it rests. */
export const speedOf = ({ state, progress }: Pick<Run, 'state' | 'progress'>): number | null => (hasEnded(state) || isHeld(state) ? progress.examplesPerSecond : null);

/** How long each of its steps took in the mean, validation included; null where nobody knows. */
export function stepMsOf(run: Pick<Run, 'transitions' | 'progress'>, now: number): number | null {
  const trainedMs = timeIn(TRAINING, run, now) ?? 0;
  const { step } = run.progress;
  return step > 0 && trainedMs > 0 ? trainedMs / step : null;
}

/** From here on the mean says more than the speed of the latest batches, which jumps. */
const STEADY_MS = 5000;

/** Milliseconds until its training ends, as fast as it was so far; null where nobody knows. */
export function leftMsOf(run: Pick<Run, 'state' | 'progress' | 'spec' | 'transitions'>, now: number): number | null {
  const { state, progress: { step, totalSteps, examplesPerSecond }, spec } = run;
  if (state !== 'running' || examplesPerSecond === null || examplesPerSecond <= 0 || step >= totalSteps) return null;
  const latest = (spec.fit.batchSize / examplesPerSecond) * 1000;
  const perStep = (timeIn(TRAINING, run, now) ?? 0) < STEADY_MS ? latest : (stepMsOf(run, now) ?? latest);
  return (totalSteps - step) * perStep;
}

/** What it is, in one line. */
export function specLineOf({ name, recipe, spec, createdAt, user }: Pick<Run, 'name' | 'recipe' | 'spec' | 'createdAt'> & { user?: string | null }, now: number): string {
  const { optimizer, fit, dataset } = spec;
  const rate = 'learningRate' in optimizer && typeof optimizer.learningRate === 'number' ? ` ${plain(optimizer.learningRate)}` : '';
  return [recipe === null || recipe === name ? null : recipe, dataset.name, `${optimizer.type}${rate}`, `batches of ${count(fit.batchSize)}`, several(fit.epochs, 'epoch'), user ?? null, ago(createdAt, now)].filter(Boolean).join(' · ');
}

/** `epoch 3 of 5, about 12 s left` */
export function progressLineOf(run: Pick<Run, 'state' | 'progress' | 'spec' | 'transitions'>, now: number): string {
  const left = leftMsOf(run, now);
  return `epoch ${count(run.progress.epoch)} of ${count(run.progress.epochs)}${left === null ? '' : `, ${duration(left)} left`}`;
}
