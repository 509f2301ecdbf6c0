// A run with a history, as a supervisor would have written it.
import type { NewEvent } from '../../src/schemas/event.js';
import type { Run } from '../../src/schemas/run.js';
import type { Api } from './api.js';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

export const logEvent = (second: number, message: string, level: 'info' | 'error' = 'info'): NewEvent => ({ kind: 'log', at: at(second), data: { level, message } });
export const warningEvent = (second: number, message: string): NewEvent => ({ kind: 'warning', at: at(second), data: { code: 'test', message } });

/** One step a value. */
export function lossEvents(values: readonly number[], firstStep = 1): NewEvent {
  const wire = values.map((value) => (Number.isFinite(value) ? value : (String(value) as 'NaN')));
  return { kind: 'metrics', at: at(1), data: { attempt: 1, epoch: 1, steps: values.map((_, index) => firstStep + index), series: { loss: wire }, examplesPerSecond: 1000 } };
}

export const epochEvent = (epoch: number, metrics: Record<string, number | 'NaN'>): NewEvent => ({
  kind: 'epoch', at: at(2), data: { attempt: 1, epoch, step: epoch * 10, metrics, examplesPerSecond: 1000, durationMs: 5, best: true },
});

/** Of two classes, 8 examples each, of which so many are right. */
export const evaluationEvent = (epoch: number, right: number): Extract<NewEvent, { kind: 'evaluation' }> => ({
  kind: 'evaluation', at: at(2),
  data: {
    attempt: 1, epoch, step: epoch * 10, split: 'test', labels: ['cat', 'dog'], confusionMatrix: [[right, 8 - right], [8 - right, right]], unpredictedCounts: [0, 0],
    samples: [{ index: 3, trueClass: 0, predictedClass: 1, trueProbability: 0.25, predictedProbability: 0.75 }],
  },
});

/** Submitted, claimed and running; the events are in its log after those of its states. */
export async function runningRun(api: Api, events: readonly NewEvent[] = []): Promise<Run> {
  const { id } = (await api.post('/v1/runs', { recipe: 'mnist-softmax' })).json<Run>();
  const fence = { runId: id, attempt: 1 };
  await api.lifecycle.claim(fence, 'supervisor');
  await api.lifecycle.advance(fence, 'running');
  await api.events.append(fence, events);
  return (await api.get(`/v1/runs/${id}`)).json<Run>();
}
