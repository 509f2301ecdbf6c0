// What a component reads from the service: loaded when it is shown, again when its key changes, and as often as asked.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { whileSeen } from '../lib/while-seen.js';
import { ApiError } from './error.js';

/** After a request that found nobody: the service may be back any moment. */
const AGAIN_MS = 1500;

export interface Resource<T> {
  /** The latest that was read, of this key. */
  data: T | undefined;
  /** Why the latest reading failed; the data before it stays. */
  error: unknown;
  /** Reads it again now. */
  reload(): void;
}

/**
 * `key` names what is read: where it changes, the data of the old one goes. With `everyMs` it is read again as long as
 * somebody looks at the page; while the service does not answer, soon, and without.
 */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>, { everyMs }: { everyMs?: number } = {}): Resource<T> {
  const [state, setState] = useState<{ key: string; data?: T; error?: unknown }>({ key });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const aborter = new AbortController();
    const read = async () => {
      try {
        const data = await latest.current(aborter.signal);
        if (!aborter.signal.aborted) setState({ key, data });
        return everyMs ?? null;
      } catch (error) {
        if (!aborter.signal.aborted) setState((before) => ({ ...(before.key === key ? before : { key }), error }));
        return error instanceof ApiError && error.status === 0 ? Math.min(everyMs ?? AGAIN_MS, AGAIN_MS) : (everyMs ?? null);
      }
    };
    whileSeen(read, aborter.signal);
    return () => aborter.abort();
  }, [key, turn, everyMs]);
  const current = state.key === key ? state : { data: undefined, error: undefined };
  return { data: current.data, error: current.error, reload: useCallback(() => setTurn((before) => before + 1), []) };
}

/** Something that a press sets off: one at a time, and what came of it. */
export function useAction<A extends unknown[]>(act: (...args: A) => Promise<void>): { busy: boolean; error: unknown; run(...args: A): void } {
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  const busy = useRef(false);
  const run = (...args: A) => {
    if (busy.current) return;
    busy.current = true;
    setState({ busy: true });
    act(...args)
      .then(() => undefined, (error: unknown) => error)
      .then((error) => {
        busy.current = false;
        setState({ busy: false, error });
      });
  };
  return { busy: state.busy, error: state.error, run };
}
