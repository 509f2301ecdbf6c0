// The part of a long curve that is zoomed into, point by point or in finer buckets. Read when the zoom has come to rest.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import type { Run } from '../../api/types.js';
import { hasEnded } from '../../../portable/run-states.js';
import type { RunRecord } from '../../live/run-record.js';
import { Series } from '../../live/series.js';
import { spanToRead, type StepSpan } from './fine-span.js';

const REST_MS = 200;
const MAX_POINTS = 4000;
/** Whoever zooms out and in again need not wait. */
const KEPT = 12;
const kept = new Map<string, Series>();

/** As the latest. */
function keep(name: string, series: Series): void {
  kept.delete(name);
  kept.set(name, series);
  for (const oldest of [...kept.keys()].slice(0, -KEPT)) kept.delete(oldest);
}

/** Null where the whole curve is as fine, and until the part was read. */
export function useFine({ id, state, attempt }: Run, record: RunRecord, { key, seen }: { key: string; seen: StepSpan | null }): Series | null {
  const whole = record.curve(key);
  const isOver = hasEnded(state);
  const span = useMemo(() => (seen === null ? null : spanToRead(whole, seen, isOver)), [whole, whole.version, seen?.from, seen?.to, isOver]);
  const name = span === null ? null : `${id} ${attempt} ${key} ${span.from} ${span.to}`;
  const [, setRead] = useState<string | null>(null);
  useEffect(() => {
    if (span === null || name === null) return;
    const known = kept.get(name);
    if (known !== undefined) return keep(name, known);
    const aborter = new AbortController();
    const read = async () => {
      const { series } = await take(api.GET('/v1/runs/{id}/metrics', { params: { path: { id }, query: { key: [key], fromStep: span.from, toStep: span.to, maxPoints: MAX_POINTS } }, signal: aborter.signal }));
      if (series[0] === undefined || aborter.signal.aborted) return;
      keep(name, Series.of(series[0]));
      setRead(name);
    };
    // What cannot be read stays as coarse as it is.
    const timer = setTimeout(() => void read().catch(() => undefined), REST_MS);
    return () => {
      clearTimeout(timer);
      aborter.abort();
    };
  }, [name]);
  return name === null ? null : (kept.get(name) ?? null);
}
