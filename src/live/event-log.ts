// The event log of runs: append-only, numbered without gaps, the truth of what happened. A repository.
// Writers of a trained run are fenced by its attempt: an attempt that was replaced can write nothing.
import { Prisma, type Database, type DatabaseSession } from '../db/client.js';
import type { DatabaseClock } from '../db/clock.js';
import { curveAppends, curvesOf } from '../metrics/chunks.js';
import { HELD_STATES } from '../portable/run-states.js';
import { storable } from '../db/storable-text.js';
import type { EventKind, EventPage, NewEvent, RunEvent } from '../schemas/event.js';

/** Who writes: the attempt that holds the run. */
export interface Fence {
  runId: string;
  attempt: number;
}

/** Thrown when the run is gone, has ended, or another attempt holds it. The writer must stop. */
export class FencedError extends Error {
  constructor(fence: Fence) {
    super(`attempt ${fence.attempt} no longer holds run ${fence.runId}`);
    this.name = 'FencedError';
  }
}

export interface EventLog {
  /**
   * Appends in one transaction with the curves and the run's progress. An attempt has one writer, which appends
   * one batch after the other. When a batch failed without a word on whether it was committed, the next one
   * begins with the same events and says `after`, the last number that the writer is sure of: what is there
   * already is then not written again. Answers all of `events`, numbered; without `after` there is no gap among
   * them. @throws FencedError
   */
  append(fence: Fence, events: readonly NewEvent[], retry?: { after: number }): Promise<RunEvent[]>;
  /** Events with `seq > after`, in order. */
  read(runId: string, query: { after: number; limit: number; kinds?: readonly EventKind[] }): Promise<EventPage>;
  /** The evaluations that stand, by epoch: see `standingEvaluations`. */
  evaluations(runId: string): Promise<EvaluationPlace[]>;
  /** Number of the latest event of each run that exists. */
  heads(runIds: readonly string[]): Promise<Map<string, number>>;
}

/** An evaluation in the log. */
export interface EvaluationPlace {
  epoch: number;
  seq: number;
}

/**
 * Out of a run's evaluations and starts, in order: of each epoch the last evaluation, ascending. A start makes void what
 * came after the epoch that it goes on from.
 */
export function standingEvaluations(entries: readonly { kind: 'evaluation' | 'state'; seq: number; epoch: number }[]): EvaluationPlace[] {
  let standing: EvaluationPlace[] = [];
  for (const { kind, seq, epoch } of entries) {
    standing = standing.filter((one) => (kind === 'state' ? one.epoch <= epoch : one.epoch !== epoch));
    if (kind === 'evaluation') standing.push({ epoch, seq });
  }
  // That of the weights that are kept may be told after later ones.
  return standing.sort((a, b) => a.epoch - b.epoch);
}

type EventClock = Pick<DatabaseClock, 'at'>;

const HELD = [...HELD_STATES];

const storableEvents = (events: readonly NewEvent[], clock: EventClock): NewEvent[] => events.map((event) => ({ ...event, at: clock.at(event.at), data: storable(event.data) }) as NewEvent);

/** The last number is the run's new head. */
const numbered = (events: readonly NewEvent[], head: number): RunEvent[] => events.map((event, index) => ({ seq: head - events.length + 1 + index, ...event }) as RunEvent);

/**
 * Raises the head, and writes events, curves and progress: one statement, as a training process makes ten a second
 * and each way to the server and back takes its cores from it.
 */
async function appendEvents(session: DatabaseSession, fence: Fence, events: readonly NewEvent[]): Promise<RunEvent[]> {
  const data = events.map((event) => JSON.stringify(event.data));
  const sets = Prisma.join([Prisma.sql`head = head + ${events.length}::int`, ...progressOf(events)]);
  const rows = await session.$queryRaw<{ head: number }[]>`
    WITH held AS (
      UPDATE runs SET ${sets} WHERE id = ${fence.runId}::uuid AND attempt = ${fence.attempt} AND state = ANY(${HELD}) RETURNING head
    ), logged AS (
      INSERT INTO run_events (run_id, seq, kind, at, data)
      SELECT ${fence.runId}::uuid, held.head - ${events.length}::int + event.place, event.kind, event.at, event.data
      FROM held, unnest(${events.map(({ kind }) => kind)}::text[], ${events.map(({ at }) => at)}::timestamptz[], ${data}::jsonb[]) WITH ORDINALITY AS event (kind, at, data, place)
    )
    ${curveAppends(fence, curvesOf(events))}
    SELECT head FROM held`;
  const row = rows[0];
  if (row === undefined) throw new FencedError(fence);
  return numbered(events, row.head);
}

/**
 * What the attempt's writer has in the log after `after`. Others write only changes of state, and the lock on the
 * row waits for a commit that is still under way.
 */
async function writtenAfter(session: DatabaseSession, fence: Fence, after: number): Promise<RunEvent[]> {
  const held = await session.$queryRaw<unknown[]>`SELECT 1 FROM runs WHERE id = ${fence.runId}::uuid AND attempt = ${fence.attempt} FOR UPDATE`;
  if (held.length === 0) throw new FencedError(fence);
  const rows = await session.runEvent.findMany({ where: { runId: fence.runId, seq: { gt: after }, kind: { not: 'state' } }, orderBy: { seq: 'asc' } });
  return rows.map(toEvent);
}

type EventRow = { seq: number; kind: string; at: Date; data: unknown };
const toEvent = ({ seq, kind, at, data }: EventRow) => ({ seq, kind, at: at.toISOString(), data }) as RunEvent;

/** What a batch of events changes on the run's row. */
function progressOf(events: readonly NewEvent[]): Prisma.Sql[] {
  const sets: Prisma.Sql[] = [];
  const metrics = events.findLast((event) => event.kind === 'metrics');
  const epoch = events.findLast((event) => event.kind === 'epoch');
  const last = events.findLast((event) => event.kind === 'metrics' || event.kind === 'epoch');
  const best = events.findLast((event) => event.kind === 'epoch' && event.data.best);
  if (last !== undefined) sets.push(Prisma.sql`progressed_at = ${last.at}::timestamptz`);
  if (metrics !== undefined) {
    sets.push(Prisma.sql`epoch = ${metrics.data.epoch}, step = GREATEST(step, ${metrics.data.steps.at(-1) ?? 0}), examples_per_second = ${metrics.data.examplesPerSecond}`);
  }
  if (epoch !== undefined) sets.push(Prisma.sql`metrics = ${JSON.stringify(epoch.data.metrics)}::jsonb`);
  if (best?.kind === 'epoch') sets.push(Prisma.sql`best_epoch = ${best.data.epoch}, best_metrics = ${JSON.stringify(best.data.metrics)}::jsonb`);
  return sets;
}

/** @param clock the events' times are told by this process's own */
export function createEventLog(database: Database, clock: EventClock): EventLog {
  return {
    async append(fence, batch, retry) {
      if (batch.length === 0) return [];
      const all = storableEvents(batch, clock);
      if (retry === undefined) return appendEvents(database, fence, all);
      return database.$transaction(async (session) => {
        const written = await writtenAfter(session, fence, retry.after);
        const events = all.slice(written.length);
        return events.length === 0 ? written : [...written, ...(await appendEvents(session, fence, events))];
      });
    },

    async read(runId, { after, limit, kinds }) {
      // There are no gaps, so that the page ends there; else the server may sort all that follow to find the first.
      const narrowed = kinds === undefined ? Prisma.sql`seq <= ${after + limit + 1}::bigint` : Prisma.sql`kind = ANY(${kinds}::text[])`;
      const rows = await database.$queryRaw<{ head: number; found: RunEvent[] | null }[]>`
        SELECT head, (
          SELECT json_agg(json_build_object('seq', seq, 'kind', kind, 'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', data) ORDER BY seq)
          FROM (SELECT seq, kind, at, data FROM run_events WHERE run_id = runs.id AND seq > ${after}::bigint AND ${narrowed} ORDER BY seq LIMIT ${limit + 1}) AS page
        ) AS found
        FROM runs WHERE id = ${runId}::uuid`;
      const { head = 0, found } = rows[0] ?? {};
      const events = found ?? [];
      return { items: events.slice(0, limit), head, hasMore: events.length > limit };
    },

    async evaluations(runId) {
      return standingEvaluations(await database.$queryRaw<Parameters<typeof standingEvaluations>[0]>`
        SELECT kind, seq, epoch FROM run_events
        WHERE run_id = ${runId}::uuid AND kind IN ('evaluation', 'state') AND epoch IS NOT NULL ORDER BY seq`);
    },

    async heads(runIds) {
      const rows = await database.run.findMany({ where: { id: { in: [...runIds] } }, select: { id: true, head: true } });
      return new Map(rows.map((row) => [row.id, row.head]));
    },
  };
}
