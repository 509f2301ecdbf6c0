// A change of a run's state: a compare-and-set against the table of legal ones, with its transition and its event.
// One statement, because a free slot waits for it.
import type { ResumePoint } from '../artifacts/artifact-repository.js';
import { Prisma, type DatabaseSession } from '../db/client.js';
import type { EventOf } from '../schemas/event.js';
import type { Plan } from '../schemas/plan.js';
import { hasEnded, isHeld, type RunState } from '../portable/run-states.js';
import type { RunReason } from '../schemas/run.js';
import type { RunSpec } from '../schemas/spec.js';
import { toMetricValues } from '../metrics/values.js';
import { statesBefore } from '../run-states.js';
import { storableText } from '../db/storable-text.js';

/** More epochs than were asked for at first. */
export interface Extension {
  spec: RunSpec;
  plan: Plan;
  /** Epochs that were done before. */
  after: number;
  /** The request that asked for it, so that it is not done twice. */
  idempotency?: { teamId: string; key: string; fingerprint: string };
}

export interface StateChange {
  to: RunState;
  reason?: RunReason | null;
  message?: string | null;
  /** Only from these, if legal at all. */
  from?: readonly RunState[];
  /** Only when this attempt holds the run. */
  attempt?: number;
  /** Only when its lease ran out before this. */
  expiredBefore?: Date;
  /** Only when a place in this box is kept for it. */
  placedIn?: string | undefined;
  /** Counts as a retry, and only when there were fewer before. */
  retriesBelow?: number;
  /** With `starting`: what it goes on from; from the start when absent. */
  resume?: ResumePoint | undefined;
  /** The run becomes longer. */
  extension?: Extension;
  set?: { attempt?: number; retries?: number; gradientAccumulationSteps?: number; leaseOwner?: string | null; leaseExpiresAt?: Date | null; bestEpoch?: number | null; metrics?: Record<string, number> };
}

const time = (date: Date | null) => Prisma.sql`${date === null ? null : date.toISOString()}::timestamptz`;

function conditionsOf(id: string, { to, from, attempt, expiredBefore, placedIn, retriesBelow }: StateChange): Prisma.Sql {
  const states = statesBefore(to).filter((state) => from?.includes(state) ?? true);
  return Prisma.join([
    Prisma.sql`id = ${id}::uuid AND state = ANY(${states}::text[])`,
    ...(attempt === undefined ? [] : [Prisma.sql`attempt = ${attempt}::int`]),
    ...(expiredBefore === undefined ? [] : [Prisma.sql`lease_expires_at < ${time(expiredBefore)}`]),
    ...(placedIn === undefined ? [] : [Prisma.sql`placed_at IS NOT NULL AND box = ${placedIn}`]),
    ...(retriesBelow === undefined ? [] : [Prisma.sql`retries < ${retriesBelow}::int`]),
  ], ' AND ');
}

/** What is said later replaces what was said of the same column before. */
function settingsOf({ to, reason, set = {}, resume, retriesBelow, extension }: StateChange, { at, message }: { at: Date; message: string | null }): Prisma.Sql {
  const { attempt, retries, gradientAccumulationSteps, leaseOwner, leaseExpiresAt, bestEpoch, metrics } = set;
  const columns: Record<string, Prisma.Sql> = { state: Prisma.sql`${to}::text`, reason: Prisma.sql`${reason ?? null}::text`, message: Prisma.sql`${message}::text`, head: Prisma.sql`head + 1` };
  const json = (value: object) => Prisma.sql`${JSON.stringify(value)}::jsonb`;
  if (attempt !== undefined) columns.attempt = Prisma.sql`${attempt}::int`;
  if (retries !== undefined) columns.retries = Prisma.sql`${retries}::int`;
  if (gradientAccumulationSteps !== undefined) columns.gradient_accumulation_steps = Prisma.sql`${gradientAccumulationSteps}::int`;
  if (leaseOwner !== undefined) columns.lease_owner = Prisma.sql`${leaseOwner}::text`;
  if (leaseExpiresAt !== undefined) columns.lease_expires_at = time(leaseExpiresAt);
  if (bestEpoch !== undefined) Object.assign(columns, { best_epoch: Prisma.sql`${bestEpoch}::int`, best_metrics: Prisma.sql`CASE WHEN best_epoch = ${bestEpoch}::int THEN best_metrics END` });
  if (metrics !== undefined) columns.metrics = json(toMetricValues(metrics));
  if (to === 'starting') {
    const { epoch, step, metrics } = resume ?? { epoch: 0, step: 0, metrics: {} };
    // A best epoch that it does not train again is still the best.
    const kept = Object.fromEntries(['best_epoch', 'best_metrics'].map((column) => [column, Prisma.sql`CASE WHEN best_epoch <= ${epoch}::int THEN ${Prisma.raw(column)} END`]));
    Object.assign(columns, { started_at: time(at), epoch: Prisma.sql`${epoch}::int`, step: Prisma.sql`${step}::int`, examples_per_second: Prisma.sql`NULL`, progressed_at: Prisma.sql`NULL`, ...kept, metrics: json(metrics) });
  }
  if (retriesBelow !== undefined) columns.retries = Prisma.sql`retries + 1`;
  if (extension !== undefined) {
    const { spec, plan, after } = extension;
    Object.assign(columns, { spec: json(spec), plan: json(plan), epochs: Prisma.sql`${spec.fit.epochs}::int`, total_steps: Prisma.sql`${plan.totalSteps}::int`, extended_after: Prisma.sql`${after}::int` });
  }
  columns.ended_at = time(hasEnded(to) ? at : null);
  if (!isHeld(to) && to !== 'lost') Object.assign(columns, { lease_owner: Prisma.sql`NULL`, lease_expires_at: Prisma.sql`NULL` });
  if (to === 'starting') columns.promised_at = Prisma.sql`NULL`;
  if (!isHeld(to)) Object.assign(columns, { placed_at: Prisma.sql`NULL`, promised_at: Prisma.sql`NULL`, aged: Prisma.sql`false`, lent_by: Prisma.sql`NULL`, leaving: Prisma.sql`NULL`, leaving_for: Prisma.sql`NULL` });
  if (to === 'queued') Object.assign(columns, { queued_at: time(at), lined_up_at: Prisma.sql`NULL` });
  return Prisma.join(Object.entries(columns).map(([name, value]) => Prisma.sql`${Prisma.raw(name)} = ${value}`));
}

/** The parts of the statement that change the column to search by, and remember the request. */
const extensionParts = (id: string, { spec, idempotency }: Extension) => Prisma.sql`
    , searched AS (
      UPDATE hyperparameters SET value = ${JSON.stringify(spec.fit.epochs)}::jsonb FROM changed WHERE run_id = ${id}::uuid AND key = 'fit.epochs'
    )${idempotency === undefined ? Prisma.empty : Prisma.sql`, remembered AS (
      INSERT INTO idempotency_keys (team_id, key, fingerprint, run_id) SELECT ${idempotency.teamId}::uuid, ${idempotency.key}, ${idempotency.fingerprint}, ${id}::uuid FROM changed
    )`}`;

/** What there is to go on from, or to predict with, after an attempt that did not come to its end. It is asked now, as files may be deleted later. */
function keptStep(id: string, to: RunState): Prisma.Sql {
  if (to !== 'failed' && to !== 'lost' && to !== 'queued') return Prisma.sql`device_uses.kept_step`;
  // What rested may be queued again, which says nothing of how it ended.
  const isOver = to === 'queued' ? Prisma.sql`device_uses.ended_at IS NULL` : Prisma.sql`TRUE`;
  return Prisma.sql`CASE WHEN device_uses.attempt = changed.attempt AND ${isOver}
          THEN greatest(0, changed.best_step, (SELECT max(step) FROM checkpoints WHERE checkpoints.run_id = ${id}::uuid AND kind = 'resume'))
          ELSE device_uses.kept_step END`;
}

/** The parts that keep account of the devices it holds. */
function usePart(id: string, { to, expiredBefore }: Pick<StateChange, 'to' | 'expiredBefore'>, at: Date): Prisma.Sql {
  if (to === 'starting') {
    // The kind is what `kindOfDevice` has it: only the database knows the ids here.
    return Prisma.sql`, held AS (
      INSERT INTO device_uses (run_id, attempt, run_name, team_id, team, user_id, "user", box, device_ids, device_kind, share, aged, queued_at, started_at, first_step)
      SELECT ${id}::uuid, attempt, runs.name, team_id, teams.name, user_id, users.name, box, device_ids, split_part(device_ids[1], ':', 1), share, aged, queued_at, ${time(at)}, step
      FROM changed JOIN (SELECT id, name, team_id, user_id, box, device_ids, share, aged, queued_at FROM runs) AS runs ON runs.id = ${id}::uuid
        JOIN teams ON teams.id = team_id LEFT JOIN users ON users.id = user_id
      WHERE box IS NOT NULL
    )`;
  }
  if (to === 'running') return Prisma.sql`, held AS (UPDATE device_uses SET running_at = ${time(at)} FROM changed WHERE run_id = ${id}::uuid AND device_uses.attempt = changed.attempt)`;
  if (isHeld(to)) return Prisma.empty;
  // Nobody held anything after the lease: the box may have been off for hours. The row is read as it was before the change.
  const end = expiredBefore === undefined ? time(at) : Prisma.sql`greatest(device_uses.started_at, least(${time(at)}, (SELECT lease_expires_at FROM runs WHERE id = ${id}::uuid)))`;
  // In one statement: the attempt that has just ended, if it has, and what is known of the whole run.
  return Prisma.sql`, held AS (
      UPDATE device_uses SET
        ended_at = coalesce(device_uses.ended_at, ${end}),
        ended_as = coalesce(device_uses.ended_as, ${to}::text),
        last_step = coalesce(device_uses.last_step, changed.step),
        progressed_at = CASE WHEN device_uses.attempt = changed.attempt THEN coalesce(device_uses.progressed_at, changed.progressed_at) ELSE device_uses.progressed_at END,
        kept_step = ${keptStep(id, to)},
        best_step = ${hasEnded(to) ? Prisma.sql`changed.best_step` : Prisma.sql`NULL::int`}
      FROM changed WHERE run_id = ${id}::uuid
    )`;
}

/**
 * Answers the event; null when the run is not in a state, or attempt, that allows the change.
 * @param at by the database's clock: others judge by it how long the run waits, and has its device
 */
export async function changeState(session: DatabaseSession, id: string, change: StateChange, at: Date): Promise<EventOf<'state'> | null> {
  const { to, reason } = change;
  const resume = to === 'starting' ? change.resume : undefined;
  const message = change.message ? storableText(change.message) : null;
  const said = { state: to, ...(reason ? { reason } : {}), ...(message ? { message } : {}), ...(resume === undefined ? {} : { epoch: resume.epoch }) };
  const rows = await session.$queryRaw<{ head: number; attempt: number; step: number }[]>`
    WITH changed AS (
      UPDATE runs SET ${settingsOf({ ...change, resume }, { at, message })} WHERE ${conditionsOf(id, change)}
      RETURNING head, attempt, step, progressed_at, best_epoch * (total_steps / greatest(1, epochs)) AS best_step
    ), noted AS (
      INSERT INTO run_transitions (run_id, index, state, reason, message, attempt, at)
      SELECT ${id}::uuid, head, ${to}::text, ${reason ?? null}::text, ${message}::text, attempt, ${time(at)} FROM changed
    ), logged AS (
      INSERT INTO run_events (run_id, seq, kind, at, data)
      SELECT ${id}::uuid, head, 'state', ${time(at)}, ${JSON.stringify(said)}::jsonb || jsonb_build_object('attempt', attempt, 'step', step) FROM changed
    )${usePart(id, change, at)}${change.extension === undefined ? Prisma.empty : extensionParts(id, change.extension)}
    SELECT head, attempt, step FROM changed`;
  const row = rows[0];
  if (row === undefined) return null;
  return { seq: row.head, kind: 'state', at: at.toISOString(), data: { ...said, attempt: row.attempt, step: row.step } };
}
