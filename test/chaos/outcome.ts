// Everything that a run leaves, read from outside.
import { createHash } from 'node:crypto';
import type { EventPage, RunEvent } from '../../src/schemas/event.js';
import type { MetricPoints, MetricSeriesList } from '../../src/schemas/metric.js';
import type { Run } from '../../src/schemas/run.js';
import { get } from './ask.js';
import { WITH_KEY } from '../helpers/key.js';

export interface Outcome {
  run: Run;
  /** As REST tells them. */
  events: RunEvent[];
  /** Every point, by the curve's key. */
  curves: Record<string, MetricPoints>;
  /** SHA-256 of the bytes of the final weights; null when there are none. */
  weights: string | null;
}

const WEIGHTS = 'model/weights.bin';

export async function readOutcome(address: string, id: string): Promise<Outcome> {
  const path = `/v1/runs/${id}`;
  const run = await get<Run>(address, path);
  return { run, events: await readEvents(address, path), curves: await readCurves(address, path), weights: await hashWeights(address, path) };
}

async function readEvents(address: string, path: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for (;;) {
    const { items, hasMore } = await get<EventPage>(address, `${path}/events?limit=200&after=${events.at(-1)?.seq ?? 0}`);
    events.push(...items);
    if (!hasMore || items.length === 0) return events;
  }
}

async function readCurves(address: string, path: string): Promise<Record<string, MetricPoints>> {
  const { series: known } = await get<MetricSeriesList>(address, `${path}/metrics`);
  if (known.length === 0) return {};
  const { series } = await get<MetricSeriesList>(address, `${path}/metrics?maxPoints=10000&${known.map(({ key }) => `key=${encodeURIComponent(key)}`).join('&')}`);
  return Object.fromEntries(series.map(({ key, points }) => [key, points ?? { steps: [], values: [] }]));
}

async function hashWeights(address: string, path: string): Promise<string | null> {
  const { items } = await get<{ items: { path: string }[] }>(address, `${path}/artifacts`);
  if (!items.some((file) => file.path === WEIGHTS)) return null;
  const response = await fetch(`${address}${path}/artifacts/${WEIGHTS}`, { headers: WITH_KEY });
  if (!response.ok) return `no bytes: ${response.status}`;
  return createHash('sha256').update(Buffer.from(await response.arrayBuffer())).digest('hex');
}
