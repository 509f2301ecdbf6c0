// What the service says of the spec while one writes: asked when one pauses, the latest question only.
import { useEffect, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import type { Plan } from '../../api/types.js';

const PAUSE_MS = 300;
/** The queue goes on while one thinks. */
const AGAIN_MS = 15_000;

export interface Planned {
  /** The latest, perhaps of a spec before; null before the first. */
  plan: Plan | null;
  /** Whether it is of this very spec. */
  current: boolean;
  error: unknown;
}

/** `spec` undefined is none that could be asked about. */
export function usePlan(text: string, spec: unknown): Planned {
  const [state, setState] = useState<{ plan: Plan | null; text: string | null; error?: unknown }>({ plan: null, text: null });
  useEffect(() => {
    if (spec === undefined) return;
    const aborter = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      try {
        const plan = await take(api.POST('/v1/runs:plan', { body: spec as never, signal: aborter.signal }));
        if (!aborter.signal.aborted) setState({ plan, text });
      } catch (error) {
        if (!aborter.signal.aborted) setState((before) => ({ ...before, error }));
      }
      if (!aborter.signal.aborted) timer = setTimeout(() => void (document.hidden ? document.addEventListener('visibilitychange', () => void ask(), { once: true, signal: aborter.signal }) : ask()), AGAIN_MS);
    };
    timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      aborter.abort();
      clearTimeout(timer);
    };
  }, [text]);
  return { plan: state.plan, current: state.text === text, error: state.error };
}
