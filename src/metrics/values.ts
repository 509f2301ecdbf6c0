// Doubles that survive JSON: NaN and the infinities travel as strings.
import type { MetricValue } from '../schemas/run.js';

export function toMetricValue(value: number): MetricValue {
  return Number.isFinite(value) ? value : (String(value) as MetricValue);
}

export function fromMetricValue(value: MetricValue): number {
  return Number(value);
}

export function toMetricValues(values: Record<string, number>): Record<string, MetricValue> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toMetricValue(value)]));
}
