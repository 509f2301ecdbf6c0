// The event log of runs: append-only, numbered without gaps, the truth of what happened. A repository.
// Writers of a trained run are fenced by its attempt: an attempt that was replaced can write nothing.
import { Prisma, type Database, type DatabaseSession } from '../db/client.js';
import { appendCurves, curvesOf } from '../runs/metric-repository.js';
import { HELD_STATES } from '../runs/states.js';
import { storable } from '../runs/storable-text.js';
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
  /** Number of the latest event of each run that exists. */
  heads(runIds: readonly string[]): Promise<Map<string, number>>;
}

const HELD = [...HELD_STATES];

/** Writes numbered events; the caller has raised the run's `head` by their count in this transaction. */
export async function insertEvents(session: DatabaseSession, runId: string, to: { head: number; events: readonly NewEvent[] }): Promise<RunEvent[]> {
  const first = to.head - to.events.length + 1;
  const numbered = to.events.map((event, index) => ({ seq: first + index, ...event, data: storable(event.data) }) as RunEvent);
  const rows = numbered.map((event) => Prisma.sql`(${runId}::uuid, ${event.seq}, ${event.kind}, ${event.at}::timestamptz, ${JSON.stringify(event.data)}::jsonb)`);
  await session.$executeRaw`INSERT INTO run_events (run_id, seq, kind, at, data) VALUES ${Prisma.join(rows)}`;
  return numbered;
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
  const best = events.findLast((event) => event.kind === 'epoch' && event.data.best);
  if (metrics !== undefined) {
    sets.push(Prisma.sql`epoch = ${metrics.data.epoch}, step = GREATEST(step, ${metrics.data.steps.at(-1) ?? 0}), examples_per_second = ${metrics.data.examplesPerSecond}`);
  }
  if (epoch !== undefined) sets.push(Prisma.sql`metrics = ${JSON.stringify(epoch.data.metrics)}::jsonb`);
  if (best?.kind === 'epoch') sets.push(Prisma.sql`best_epoch = ${best.data.epoch}`);
  return sets;
}

export function createEventLog(database: Database): EventLog {
  return {
    async append(fence, batch, retry) {
      if (batch.length === 0) return [];
      return database.$transaction(async (session) => {
        const written = retry === undefined ? [] : await writtenAfter(session, fence, retry.after);
        const events = batch.slice(written.length);
        if (events.length === 0) return written;
        const sets = Prisma.join([Prisma.sql`head = head + ${events.length}`, ...progressOf(events)]);
        const rows = await session.$queryRaw<{ head: number }[]>`
          UPDATE runs SET ${sets} WHERE id = ${fence.runId}::uuid AND attempt = ${fence.attempt} AND state = ANY(${HELD}) RETURNING head`;
        const row = rows[0];
        if (row === undefined) throw new FencedError(fence);
        const numbered = await insertEvents(session, fence.runId, { head: row.head, events });
        await appendCurves(session, fence, curvesOf(events));
        return [...written, ...numbered];
      });
    },

    async read(runId, { after, limit, kinds }) {
      // Head first: an event appended in between is then more, not missing.
      const run = await database.run.findUnique({ where: { id: runId }, select: { head: true } });
      const rows = await database.runEvent.findMany({
        where: { runId, seq: { gt: after }, ...(kinds === undefined ? {} : { kind: { in: [...kinds] } }) },
        orderBy: { seq: 'asc' },
        take: limit + 1,
      });
      const items = rows.slice(0, limit).map(toEvent);
      return { items, head: Math.max(run?.head ?? 0, rows.at(-1)?.seq ?? 0), hasMore: rows.length > limit };
    },

    async heads(runIds) {
      const rows = await database.run.findMany({ where: { id: { in: [...runIds] } }, select: { id: true, head: true } });
      return new Map(rows.map((row) => [row.id, row.head]));
    },
  };
}
