// The runs that are compared, and their curves, as they come in and while they go on.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { ApiError } from '../../api/error.js';
import type { Run } from '../../api/types.js';
import { severalAtATime } from '../../lib/several-at-a-time.js';
import { hasEnded } from '../../live/run-record.js';
import { runs as listed } from '../../live/run-list.js';
import { CurveLoader } from './curve-loader.js';

const AGAIN_MS = 3000;

export interface Compared {
  /** In the order of the ids; those that are here. */
  runs: readonly Run[];
  /** Whether some are still awaited. */
  isReading: boolean;
  /** Ids of which there is no run, or none that one may see. */
  missing: readonly string[];
  error: unknown;
}

export function useCompared(ids: readonly string[]): Compared {
  const known = useRef(new Map<string, Run>());
  const missing = useRef(new Set<string>());
  const [error, setError] = useState<unknown>(undefined);
  const [version, setVersion] = useState(0);
  const key = ids.join();
  useEffect(() => {
    const aborter = new AbortController();
    const { signal } = aborter;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const note = (run: Run) => known.current.set(run.id, run);
    const readOne = async (id: string) => {
      try {
        note(await take(api.GET('/v1/runs/{id}', { params: { path: { id } }, signal })));
      } catch (fault) {
        if (!(fault instanceof ApiError && fault.status === 404)) throw fault;
        missing.current.add(id);
      }
    };
    const read = async () => {
      const lacking = () => ids.filter((id) => !known.current.has(id) && !missing.current.has(id));
      for (const run of listed.peek() ?? []) if (ids.includes(run.id) && !known.current.has(run.id)) note(run);
      try {
        // One page is sooner here than many single runs.
        if (lacking().length > 4) for (const run of (await take(api.GET('/v1/runs', { params: { query: { limit: 200 } }, signal }))).items) if (ids.includes(run.id)) note(run);
        setVersion((before) => before + 1);
        const going = ids.filter((id) => known.current.has(id) && !hasEnded(known.current.get(id)!.state));
        const results = await severalAtATime([...lacking(), ...going], readOne, { most: 6, signal });
        setErrorUnless(results.find((result) => result.status === 'rejected')?.reason);
      } catch (fault) {
        setErrorUnless(fault);
      }
      if (signal.aborted) return;
      setVersion((before) => before + 1);
      const isLive = ids.some((id) => !missing.current.has(id) && (!known.current.has(id) || !hasEnded(known.current.get(id)!.state)));
      if (isLive) timer = setTimeout(() => (document.hidden ? document.addEventListener('visibilitychange', () => void read(), { once: true, signal }) : void read()), AGAIN_MS);
    };
    const setErrorUnless = (fault: unknown) => void (signal.aborted || setError(fault));
    void read();
    return () => {
      aborter.abort();
      clearTimeout(timer);
    };
  }, [key]);
  return useMemo(() => {
    const runs = ids.map((id) => known.current.get(id)).filter((run) => run !== undefined);
    const gone = ids.filter((id) => missing.current.has(id));
    return { runs, missing: gone, isReading: runs.length + gone.length < ids.length, error };
  }, [key, version, error]);
}

/** Reads the curve `key` of each run. `version` changes as they come, at most once a frame. */
export function useCurves(runs: readonly Run[], key: string): { loader: CurveLoader; version: number } {
  const [version, setVersion] = useState(0);
  const frame = useRef(0);
  const loader = useMemo(() => new CurveLoader(() => {
    frame.current ||= requestAnimationFrame(() => {
      frame.current = 0;
      setVersion((before) => before + 1);
    });
  }), []);
  useEffect(() => void loader.load(runs.filter(({ progress }) => progress.step > 0).map(({ id, head }) => ({ runId: id, key, head }))), [runs, key]);
  useEffect(() => () => {
    loader.close();
    cancelAnimationFrame(frame.current);
  }, []);
  return { loader, version };
}
