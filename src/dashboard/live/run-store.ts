// Runs that are followed live, each once, however many parts of the page look at it. Curves lie outside the signals:
// what is drawn watches `version`, which changes at most once a frame. A hidden page has its title to keep.
import { signal, type Signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { api, take } from '../api/client.js';
import { patiently } from '../api/patiently.js';
import type { MetricSeries, Run } from '../api/types.js';
import { nextFrame } from '../lib/next-frame.js';
import { connection } from './link.js';
import { RunRecord } from './run-record.js';
import { Series } from './series.js';

const MOST_KEYS = 32;
const MAX_POINTS = 4000;
const REFRESH_MS = 150;
const FRAMES = { ask: (work: () => void) => requestAnimationFrame(work), drop: (frame: number) => cancelAnimationFrame(frame) };

export interface RunStore {
  readonly id: string;
  /** Null until it was read. */
  readonly run: Signal<Run | null>;
  /** Grows as its curves do. */
  readonly version: Signal<number>;
  /** Why it could not be read. */
  readonly error: Signal<unknown>;
  /** It was deleted while one looked. */
  readonly gone: Signal<boolean>;
  /** Curves, events and clock; null until it was read. Do not keep it: a new one comes where the log is another. */
  record(): RunRecord | null;
  /** Takes the row as the service has just answered it: somebody has written on it. */
  took(run: Run): void;
  /** Reads everything afresh. */
  reload(): void;
}

class Followed implements RunStore {
  readonly run = signal<Run | null>(null);
  readonly version = signal(0);
  readonly error = signal<unknown>(undefined);
  readonly gone = signal(false);
  watchers = 0;
  #record: RunRecord | null = null;
  #loading = new AbortController();
  readonly #drawing = nextFrame(() => this.#show(), FRAMES);
  #refresh: ReturnType<typeof setTimeout> | undefined;
  /** How often the row was read again: a later reading makes an earlier one void. */
  #turn = 0;

  constructor(readonly id: string) {}

  record(): RunRecord | null {
    return this.#record;
  }

  reload(): void {
    void this.open();
  }

  took(run: Run): void {
    this.#record?.refresh(run);
    this.#show();
  }

  async open(): Promise<void> {
    this.close();
    const { signal: aborted } = (this.#loading = new AbortController());
    try {
      const [run, series] = await patiently(async () => {
        aborted.throwIfAborted();
        const run = await readRun(this.id, aborted);
        return [run, await readAllSeries(this.id, aborted)] as const;
      }, { onFault: (error) => void (aborted.aborted || (this.error.value = error)) });
      if (aborted.aborted) return;
      const record = new RunRecord(run, series);
      this.#record = record;
      this.error.value = undefined;
      this.#show();
      connection.watch(this.id, run.head, {
        onEvent: (event) => {
          if (record.take(event).refresh) this.#refreshSoon();
          this.#drawing.ask();
        },
        onGone: () => (this.gone.value = true),
        onStale: () => this.reload(),
      });
    } catch (error) {
      if (!aborted.aborted) this.error.value = error;
    }
  }

  close(): void {
    this.#loading.abort();
    clearTimeout(this.#refresh);
    this.#drawing.drop();
    connection.unwatch(this.id);
  }

  #show(): void {
    this.run.value = this.#record?.run ?? null;
    this.version.value += 1;
  }

  #refreshSoon(): void {
    clearTimeout(this.#refresh);
    const { signal } = this.#loading;
    this.#refresh = setTimeout(async () => {
      const record = this.#record;
      const turn = (this.#turn += 1);
      const isLate = () => signal.aborted || turn !== this.#turn;
      const fresh = await patiently(async () => (isLate() ? null : readRun(this.id, signal))).catch(() => null);
      if (fresh === null || isLate() || record === null || record !== this.#record) return;
      record.refresh(fresh);
      this.#show();
    }, REFRESH_MS);
  }
}

const readRun = (id: string, signal: AbortSignal): Promise<Run> => take(api.GET('/v1/runs/{id}', { params: { path: { id } }, signal }));

/** All curves of a run, by key. */
async function readAllSeries(id: string, aborted: AbortSignal): Promise<Map<string, Series>> {
  const read = async (key: string[]): Promise<MetricSeries[]> => (await take(api.GET('/v1/runs/{id}/metrics', { params: { path: { id }, query: { key, maxPoints: MAX_POINTS } }, signal: aborted }))).series;
  const { series: listed } = await take(api.GET('/v1/runs/{id}/metrics', { params: { path: { id } }, signal: aborted }));
  const keys = listed.map(({ key }) => key);
  const groups = Array.from({ length: Math.ceil(keys.length / MOST_KEYS) }, (_, at) => keys.slice(at * MOST_KEYS, (at + 1) * MOST_KEYS));
  const series = (await Promise.all(groups.map(read))).flat();
  return new Map(series.map((one) => [one.key, Series.of(one)]));
}

const stores = new Map<string, Followed>();

/** Follows a run until the answered function is called. */
export function followRun(id: string): { store: RunStore; leave(): void } {
  let store = stores.get(id);
  if (store === undefined) {
    stores.set(id, (store = new Followed(id)));
    void store.open();
  }
  const followed = store;
  followed.watchers += 1;
  const leave = () => {
    followed.watchers -= 1;
    if (followed.watchers > 0 || stores.get(id) !== followed) return;
    stores.delete(id);
    followed.close();
  };
  return { store: followed, leave };
}

/** Follows a run while the component is shown; null for its first moment. */
export function useRun(id: string): RunStore | null {
  const [store, setStore] = useState<RunStore | null>(null);
  useEffect(() => {
    const followed = followRun(id);
    setStore(followed.store);
    return followed.leave;
  }, [id]);
  return store?.id === id ? store : null;
}
