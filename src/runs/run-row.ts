// From a database row to the run that the API shows.
import type { Prisma } from '../db/client.js';
import type { MetricValue, Run, RunReason, RunState } from '../schemas/run.js';
import type { RunSpec } from '../schemas/spec.js';

export type RunRow = Prisma.RunGetPayload<{ include: { transitions: true } }>;

export function toRun(row: RunRow): Run {
  return {
    id: row.id,
    name: row.name,
    tags: row.tags,
    priority: row.priority,
    recipe: row.recipe,
    state: row.state as RunState,
    reason: row.reason as RunReason | null,
    message: row.message,
    attempt: row.attempt,
    retries: row.retries,
    forkedFrom: row.forkedFromRunId === null ? null : { runId: row.forkedFromRunId, step: row.forkedFromStep ?? 0 },
    spec: row.spec as unknown as RunSpec,
    engine: row.engine,
    backend: row.backend,
    device: row.device,
    progress: { epoch: row.epoch, epochs: row.epochs, step: row.step, totalSteps: row.totalSteps, examplesPerSecond: row.examplesPerSecond },
    extendedAfter: row.extendedAfter,
    metrics: row.metrics as Record<string, MetricValue>,
    bestEpoch: row.bestEpoch,
    head: row.head,
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    transitions: row.transitions.map(({ state, reason, message, attempt, at }) => ({
      state: state as RunState,
      reason: reason as RunReason | null,
      message,
      attempt,
      at: at.toISOString(),
    })),
  };
}
