// The event log and its curves in memory, fenced like the real ones.
import { FencedError, standingEvaluations, type EventLog, type Fence } from '../../src/live/event-log.js';
import { CHUNK_POINTS, cutPoints } from '../../src/metrics/buckets.js';
import { curvesOf } from '../../src/metrics/chunks.js';
import type { MetricRepository } from '../../src/metrics/repository.js';
import { storable } from '../../src/db/storable-text.js';
import type { NewEvent, RunEvent } from '../../src/schemas/event.js';
import type { FakeRecords } from './records.js';

export function createFakeEventLog(records: FakeRecords): EventLog {
  return {
    async append(fence, batch, retry) {
      if (batch.length === 0) return [];
      await records.statement();
      const written = retry === undefined ? [] : writtenAfter(records, fence, retry.after);
      const events = batch.slice(written.length).map((event) => structuredClone({ ...event, data: storable(event.data) }) as NewEvent);
      if (events.length === 0) return written;
      const record = records.held(fence);
      for (const curve of curvesOf(events)) {
        const key = `${fence.attempt} ${curve.key}`;
        const kept = record.curves.get(key) ?? { key: curve.key, steps: [], values: [] };
        record.curves.set(key, { key: curve.key, steps: [...kept.steps, ...curve.steps], values: [...kept.values, ...curve.values] });
      }
      for (const event of events) {
        if (event.kind === 'metrics') {
          const { epoch, steps, examplesPerSecond } = event.data;
          Object.assign(record.run.progress, { epoch, step: Math.max(record.run.progress.step, steps.at(-1) ?? 0), examplesPerSecond });
        } else if (event.kind === 'epoch') {
          record.run.metrics = event.data.metrics;
          if (event.data.best) Object.assign(record.run, { bestEpoch: event.data.epoch, bestMetrics: event.data.metrics });
        }
      }
      return [...written, ...records.append(record, events)];
    },

    async read(runId, { after, limit, kinds }) {
      await records.statement();
      const record = records.runs.get(runId);
      const later = (record?.events ?? []).filter((event) => event.seq > after && (kinds?.includes(event.kind) ?? true));
      return structuredClone({ items: later.slice(0, limit), head: record?.run.head ?? 0, hasMore: later.length > limit });
    },

    async evaluations(runId) {
      await records.statement();
      return standingEvaluations((records.runs.get(runId)?.events ?? []).flatMap(({ kind, seq, data }) =>
        kind === 'evaluation' || (kind === 'state' && data.state === 'starting') ? [{ kind, seq, epoch: data.epoch ?? 0 }] : []));
    },

    async heads(runIds) {
      await records.statement();
      return new Map(runIds.flatMap((id) => (records.runs.has(id) ? [[id, records.runs.get(id)?.run.head ?? 0] as const] : [])));
    },
  };
}

/** What the attempt's own writer has in the log after `after`. */
function writtenAfter(records: FakeRecords, fence: Fence, after: number): RunEvent[] {
  const record = records.runs.get(fence.runId);
  if (record?.run.attempt !== fence.attempt) throw new FencedError(fence);
  return structuredClone(record.events.filter((event) => event.seq > after && event.kind !== 'state'));
}

export function createFakeMetricRepository(records: FakeRecords): MetricRepository {
  const latest = (runId: string) => {
    const record = records.runs.get(runId);
    const prefix = `${record?.run.attempt} `;
    return [...(record?.curves ?? [])].filter(([key]) => key.startsWith(prefix)).map(([, curve]) => curve);
  };
  return {
    async listSeries(runId) {
      await records.statement();
      return latest(runId)
        .map(({ key, steps, values }) => ({ key, count: steps.length, last: values.at(-1) ?? null }))
        .sort((a, b) => (a.key < b.key ? -1 : 1));
    },
    async findCurves(curves, { maxPoints, fromStep, toStep }) {
      await records.statement();
      return curves.map(({ runId, key }) => {
        const curve = latest(runId).find((one) => one.key === key);
        if (curve === undefined) return null;
        const about = { count: curve.steps.length, last: curve.values.at(-1) ?? NaN };
        const shown = [...curve.steps.keys()].filter((at) => curve.steps[at]! >= fromStep && curve.steps[at]! <= toStep);
        const points = { steps: shown.map((at) => curve.steps[at]!), values: shown.map((at) => curve.values[at]!) };
        if (shown.length <= maxPoints) return { ...about, points };
        return { ...about, buckets: cutPoints(points, { skip: (shown[0] ?? 0) % CHUNK_POINTS, buckets: maxPoints }) };
      });
    },
  };
}
