// The evaluation of a run that one looks at: after an epoch, or the latest, which is another after each epoch.
import { useEffect, useRef } from 'preact/hooks';
import { api, take } from '../../../api/client.js';
import { useResource } from '../../../api/resource.js';
import type { Evaluation, Evaluations, Run } from '../../../api/types.js';
import type { RunRecord } from '../../../live/run-record.js';

export interface Shown {
  /** Those that have an evaluation; empty where there is none (yet). */
  epochs: readonly number[];
  /** The one before stays until the next is here. */
  evaluation: Evaluation | null;
  error: unknown;
  reload(): void;
}

/** `epoch`: after which; null for the latest. */
export function useEvaluation({ id }: Run, { latest }: RunRecord, epoch: number | null): Shown {
  const { data, error, reload } = useResource<Evaluations>(`evaluation ${id} ${epoch}`, (signal) => take(api.GET('/v1/runs/{id}/evaluations', { params: { path: { id }, query: epoch === null ? {} : { epoch } }, signal })));
  // A start makes evaluations void, and each epoch brings one.
  const grown = Math.max(latest.get('evaluation') ?? 0, latest.get('state') ?? 0);
  const known = useRef(grown);
  useEffect(() => {
    if (known.current === grown) return;
    known.current = grown;
    reload();
  }, [grown, reload]);
  const kept = useRef<Evaluations | null>(null);
  if (data !== undefined) kept.current = data;
  return { epochs: kept.current?.epochs ?? [], evaluation: kept.current?.evaluation ?? null, error, reload };
}
