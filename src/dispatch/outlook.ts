// What can be said of those that wait: their places, the reasons, when they are likely to start. Pure; run in a thread
// of its own, since ten thousand waiting runs keep it busy for a while.
import { forecast } from '../scheduler/forecast.js';
import { positionsOf } from '../scheduler/positions.js';
import { Reasons } from '../scheduler/reasons.js';
import type { Settings, State } from '../scheduler/state.js';
import { whatIf, type WhatIf } from '../scheduler/what-if.js';

export interface Standing {
  runId: string;
  position: number;
  positionInTeam: number;
  reason: { code: string; message: string };
  /** Milliseconds since the epoch. */
  likely: number | null;
  earliest: number | null;
  latest: number | null;
}

export interface OutlookQuestion {
  state: State;
  settings: Settings;
  /** Only of this run, and also what would let it start. */
  one?: { runId: string; batch: { size: number; /** Of a batch of one example less, so much less. */ exampleMiB: number } | null; cpuMiB: number | null };
}

export interface OutlookAnswer {
  standings: Standing[];
  changes: WhatIf[];
}

export function outlook({ state, settings, one }: OutlookQuestion): OutlookAnswer {
  const { starts } = forecast(state, settings, one === undefined ? {} : { runIds: [one.runId] });
  const startOf = new Map(starts.map((start) => [start.runId, start]));
  const reasons = new Reasons(state, settings);
  const positions = positionsOf(state, settings).filter(({ runId }) => one === undefined || runId === one.runId);
  const standings = positions.map(({ runId, position, positionInTeam }): Standing => {
    const { type, words } = reasons.of(runId)!;
    const { startAt = null, earliest = null, latest = null } = startOf.get(runId) ?? {};
    return { runId, position, positionInTeam, reason: { code: type, message: words }, likely: startAt, earliest, latest };
  });
  return { standings, changes: one === undefined ? [] : changesFor(state, settings, one) };
}

function changesFor(state: State, settings: Settings, { runId, batch, cpuMiB }: NonNullable<OutlookQuestion['one']>): WhatIf[] {
  const { request } = state.lines.flatMap(({ runs }) => runs).find(({ id }) => id === runId) ?? {};
  if (request === undefined) return [];
  return whatIf(state, settings, {
    runId,
    ...(batch === null ? {} : { batch: { size: batch.size, memoryOf: (size: number) => Math.max(1, Math.ceil(request.memoryMiB - (batch.size - size) * batch.exampleMiB)) } }),
    ...(cpuMiB === null ? {} : { cpu: { memoryMiB: cpuMiB } }),
  });
}
