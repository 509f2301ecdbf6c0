// The evaluations of a run that stand: of each epoch the last one, less those that a later start has made void.
import { ServiceError } from '../errors.js';
import type { EventLog } from '../live/event-log.js';
import { classMetrics, sum } from '../metrics/class-metrics.js';
import type { Evaluations } from '../schemas/evaluation.js';

/** @throws ServiceError not_found when the epoch asked for has none */
export async function readEvaluations(events: EventLog, runId: string, { epoch }: { epoch?: number | undefined }): Promise<Omit<Evaluations, 'keptEpoch'>> {
  const standing = await events.evaluations(runId);
  const epochs = standing.map((one) => one.epoch);
  const asked = epoch === undefined ? standing.at(-1) : standing.find((one) => one.epoch === epoch);
  if (epoch !== undefined && asked === undefined) {
    throw new ServiceError('not_found', `The run has no evaluation after epoch ${epoch}.`, { parameters: [{ in: 'query', parameter: 'epoch', detail: 'must be one of those that have an evaluation' }] });
  }
  const event = asked === undefined ? undefined : (await events.read(runId, { after: asked.seq - 1, limit: 1 })).items[0];
  if (event?.kind !== 'evaluation') return { epochs: [], evaluation: null };
  const { labels, unpredictedCounts } = event.data;
  const classes = classMetrics(event.data).map((counts, index) => ({ label: labels[index] ?? String(index), ...counts }));
  return { epochs, evaluation: { ...event.data, unpredictedCount: sum(unpredictedCounts), classes } };
}
