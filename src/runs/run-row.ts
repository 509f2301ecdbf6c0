// From database rows to the runs that the API shows. By hand, because each run that is read through Prisma's own
// queries costs the API three times as much.
import { Prisma, type DatabaseSession } from '../db/client.js';
import type { RunState } from '../portable/run-states.js';
import type { MetricValue, Run, RunReason, RunTransition } from '../schemas/run.js';
import type { RunSpec } from '../schemas/spec.js';

/** The scheduler's and the ledger's, which read them by themselves. */
type Internal = 'shape' | 'demand' | 'progressedAt' | 'promisedAt' | 'linedUpAt' | 'share' | 'placedAt' | 'aged' | 'lentBy' | 'leaving' | 'leavingFor';

type RunRow = Omit<Prisma.RunGetPayload<object>, 'teamId' | 'userId' | 'dataset' | 'plan' | 'leaseOwner' | 'leaseExpiresAt' | Internal> & { team: string; user: string | null; keptEpoch: number | null; transitions: RunTransition[] };

const COLUMNS = Prisma.sql`
  id, (SELECT name FROM teams WHERE teams.id = runs.team_id) AS team, (SELECT name FROM users WHERE users.id = runs.user_id) AS user, name, tags, priority, recipe, state, reason, message, attempt, retries, gradient_accumulation_steps AS "gradientAccumulationSteps", spec, engine, backend, device,
  forked_from_run_id AS "forkedFromRunId", forked_from_step AS "forkedFromStep", extended_after AS "extendedAfter",
  epoch, epochs, step, total_steps AS "totalSteps", examples_per_second AS "examplesPerSecond", metrics, best_epoch AS "bestEpoch", best_metrics AS "bestMetrics", (SELECT epoch FROM checkpoints WHERE run_id = runs.id AND kind = 'final') AS "keptEpoch", head,
  box, device_ids AS "deviceIds", memory_mib AS "memoryMiB", queued_at AS "queuedAt", created_at AS "createdAt", started_at AS "startedAt", ended_at AS "endedAt",
  (SELECT jsonb_agg(jsonb_build_object(
      'state', state, 'reason', reason, 'message', message, 'attempt', attempt,
      'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY index)
    FROM run_transitions WHERE run_id = runs.id) AS transitions`;

/** @param where what follows `FROM runs` */
export async function readRuns(session: DatabaseSession, where: Prisma.Sql): Promise<Run[]> {
  return (await session.$queryRaw<RunRow[]>`SELECT ${COLUMNS} FROM runs ${where}`).map(toRun);
}

function toRun(row: RunRow): Run {
  return {
    id: row.id,
    team: row.team,
    user: row.user,
    name: row.name,
    tags: row.tags,
    priority: row.priority,
    recipe: row.recipe,
    state: row.state as RunState,
    reason: row.reason as RunReason | null,
    message: row.message,
    attempt: row.attempt,
    retries: row.retries,
    gradientAccumulationSteps: row.gradientAccumulationSteps,
    forkedFrom: row.forkedFromRunId === null ? null : { runId: row.forkedFromRunId, step: row.forkedFromStep ?? 0 },
    spec: row.spec as unknown as RunSpec,
    engine: row.engine,
    backend: row.backend,
    device: row.device,
    placement: row.box === null || row.memoryMiB === null ? null : { box: row.box, devices: row.deviceIds, memoryMiB: row.memoryMiB },
    progress: { epoch: row.epoch, epochs: row.epochs, step: row.step, totalSteps: row.totalSteps, examplesPerSecond: row.examplesPerSecond },
    extendedAfter: row.extendedAfter,
    metrics: row.metrics as Record<string, MetricValue>,
    bestEpoch: row.bestEpoch,
    bestMetrics: row.bestMetrics as Record<string, MetricValue> | null,
    keptEpoch: row.keptEpoch,
    head: row.head,
    createdAt: row.createdAt.toISOString(),
    queuedAt: row.queuedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    transitions: row.transitions,
  };
}
