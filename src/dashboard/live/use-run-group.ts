// Many runs in a component: from the service, at a pace at which people read.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, take } from '../api/client.js';
import { ApiError } from '../api/error.js';
import type { Run } from '../api/types.js';
import { atMostEvery } from '../lib/at-most-every.js';
import { severalAtATime } from '../lib/several-at-a-time.js';
import { connection } from './link.js';
import { RunGroup, type GroupSource } from './run-group.js';
import { Series } from './series.js';

const RUNS_MS = 1000;
const CURVES_MS = 100;
/** Of all curves together, and of each at least and at most. */
const POINTS = { together: 15_000, least: 150, most: 1000 };

const source: GroupSource = {
  async readRuns(ids, signal) {
    const { items } = await take(api.GET('/v1/runs', { params: { query: { id: [...ids], limit: 200 } }, signal }));
    // Those that other teams share are found one by one.
    const others = ids.filter((id) => !items.some((run) => run.id === id));
    const results = await severalAtATime(others, (id) => take(api.GET('/v1/runs/{id}', { params: { path: { id } }, signal })), { signal });
    const found = results.flatMap((result): Run[] => {
      if (result.status === 'fulfilled') return [result.value];
      if (result.reason instanceof ApiError && result.reason.status === 404) return [];
      throw result.reason;
    });
    return [...items, ...found];
  },

  async readCurves(ids, { key, most }, signal) {
    const maxPoints = Math.min(POINTS.most, Math.max(POINTS.least, Math.floor(POINTS.together / ids.length)));
    const { items } = await take(api.GET('/v1/metrics', { params: { query: { runId: [...ids], key: [key], maxPoints } }, signal }));
    return new Map(items.map(({ runId, series: [found] }) => [runId, found === undefined ? new Series(most) : Series.of(found, most)]));
  },

  watch: (id, after, watcher) => connection.watch(id, after, watcher),
  unwatch: (id) => connection.unwatch(id),
};

export interface FollowedRuns {
  group: RunGroup;
  /** In the order of the ids; another list when something of a row has changed, at most once a second. */
  runs: readonly Run[];
  /** Changes when curves have grown, at most ten times a second. */
  version: number;
}

/** Follows these runs while the component is shown. The curve that is likely to be wanted is read beside their rows. */
export function useRunGroup(ids: readonly string[], likely: string): FollowedRuns {
  const [version, setVersion] = useState(0);
  const [change, setChange] = useState(0);
  const followed = useMemo(() => {
    const rows = atMostEvery<void>(RUNS_MS, () => setChange((before) => before + 1));
    const curves = atMostEvery<void>(CURVES_MS, () => setVersion((before) => before + 1));
    return { rows, curves, group: new RunGroup(source, { onRuns: rows, onCurves: curves }) };
  }, []);
  const { group } = followed;
  const key = ids.join();
  useEffect(() => {
    if (group.runs().length === 0) group.want(likely);
    group.follow(ids);
  }, [group, key]);
  useEffect(() => () => {
    group.close();
    followed.rows.drop();
    followed.curves.drop();
  }, [followed]);
  const runs = useMemo(() => group.runs(), [group, key, change]);
  return { group, runs, version };
}
