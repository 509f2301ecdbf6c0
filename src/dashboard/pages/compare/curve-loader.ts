// The curves of the runs that are compared: each asked for once, a few at a time, and again while its run goes on.
import { api, take } from '../../api/client.js';
import { severalAtATime } from '../../lib/several-at-a-time.js';
import { Series } from '../../live/series.js';

/** Buckets of a curve: about what a chart has pixels for. */
const POINTS = 500;
/** As many connections as a browser has to one host. */
const AT_ONCE = 6;

export interface WantedCurve {
  runId: string;
  key: string;
  /** The run's latest event: a curve of an earlier one is old. */
  head: number;
}

export class CurveLoader {
  readonly #kept = new Map<string, { head: number; series: Series }>();
  readonly #asked = new Set<string>();
  readonly #tell: () => void;
  #aborter = new AbortController();
  failure: unknown;

  constructor(tell: () => void) {
    this.#tell = tell;
  }

  /** Undefined until it is here. It is another where it has grown. */
  get(runId: string, key: string): Series | undefined {
    return this.#kept.get(`${runId} ${key}`)?.series;
  }

  async load(wanted: readonly WantedCurve[]): Promise<void> {
    const { signal } = this.#aborter;
    const missing = wanted.filter(({ runId, key, head }) => {
      const name = `${runId} ${key}`;
      return !this.#asked.has(name) && (this.#kept.get(name)?.head ?? -1) < head;
    });
    if (missing.length === 0) return;
    for (const { runId, key } of missing) this.#asked.add(`${runId} ${key}`);
    const results = await severalAtATime(missing, (one) => this.#read(one, signal), { most: AT_ONCE, signal });
    if (signal.aborted) return;
    this.failure = results.find((result) => result.status === 'rejected')?.reason;
    this.#tell();
  }

  close(): void {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    this.#asked.clear();
  }

  async #read({ runId, key, head }: WantedCurve, signal: AbortSignal): Promise<void> {
    const name = `${runId} ${key}`;
    try {
      const { series } = await take(api.GET('/v1/runs/{id}/metrics', { params: { path: { id: runId }, query: { key: [key], maxPoints: POINTS } }, signal }));
      const [found] = series;
      this.#kept.set(name, { head, series: found === undefined ? new Series() : Series.of(found) });
      this.#tell();
    } finally {
      this.#asked.delete(name);
    }
  }
}
