// Who waits, who holds what, and who may decide: the scheduler's part of the database.
import { Prisma, type Database } from '../db/client.js';
import type { DeviceKind } from '../schemas/device-kind.js';
import type { RunState } from '../portable/run-states.js';
import type { Leaving } from '../run-states.js';
import { timeOnDevicesMs } from '../runs/time-on-devices.js';
import type { Demand, Measured } from './demand.js';

interface Row {
  id: string;
  attempt: number;
  teamId: string;
  /** Empty where nobody is known. */
  userId: string;
  priority: number;
  queuedAt: Date;
  demand: Demand;
  shape: string | null;
  step: number;
  totalSteps: number;
  /** Where it is, or was last. */
  deviceIds: string[];
}

export interface WaitingRow extends Row {
  /** It was moved in its line, to where one of that time is. */
  linedUpAt: Date | null;
  /** Another one whenever anything of the run has changed. */
  version: string;
  /** Others were told to make room for it then. */
  promisedAt: Date | null;
}

export interface PlacedRow extends Row {
  state: RunState;
  box: string;
  memoryMiB: number;
  placedAt: Date;
  /** So long ago, in milliseconds by the database's clock. */
  placedAgoMs: number;
  /** When the first step of this attempt could begin. */
  runningAt: Date | null;
  startedAt: Date | null;
  examplesPerSecond: number | null;
  aged: boolean;
  lentBy: string | null;
  leaving: Leaving | null;
  /** Milliseconds on devices in earlier attempts, since it was submitted or last resumed; 0 where nobody asks. */
  usedBeforeMs: number;
}

export interface Placement {
  runId: string;
  /** Attempts that it has had: it has changed where it has had more. */
  attempt: number;
  box: string;
  deviceIds: readonly string[];
  memoryMiB: number;
  /** In devices. */
  share: number;
  aged: boolean;
  lentBy: string | null;
}

export interface Eviction {
  runId: string;
  why: Leaving;
  for: string | null;
}

export interface TeamRow {
  id: string;
  weight: number;
  maxRuns: number | null;
  gpuSecondsPerDay: number | null;
}

export interface Placements {
  /** Takes or renews the right to decide, for so long by the database's clock, as hosts may differ; false while another has it. */
  lead(owner: string, forMs: number): Promise<boolean>;
  /** Gives it up, so that the next need not wait. */
  abdicate(owner: string): Promise<void>;
  /** Those that wait for a place; of these only, where ids are given. */
  waiting(ids?: readonly string[]): Promise<WaitingRow[]>;
  /** The versions of all of them, by id: a fraction of the work that it is to read them. */
  versions(): Promise<Map<string, string>>;
  /** Those for whom a place is kept, or who have one. */
  placed(): Promise<PlacedRow[]>;
  teams(): Promise<TeamRow[]>;
  /** When a run of each user was last started because that user had waited too long; by `turnKey`. */
  turns(since: Date): Promise<Map<string, number>>;
  measured(shapes: readonly string[]): Promise<Map<string, Measured>>;
  /**
   * All at once, if `owner` may decide; else nothing. Answers the runs that were placed and those that were told to
   * leave: one that has changed meanwhile is neither, nor is one whose box takes no more.
   */
  commit(owner: string, decided: { placements: readonly Placement[]; evictions: readonly Eviction[] }): Promise<{ mayDecide: boolean; placed: string[]; evicted: string[] }>;
  /** Takes back places in boxes that are not alive, and those that nobody has taken or asked to keep for so long. Answers the runs. */
  release(owner: string, { alive, afterMs }: { alive: readonly string[]; afterMs: number }): Promise<string[]>;
  /** Of a run that somebody is about to take. */
  keep(runId: string, box: string): Promise<void>;
}

/** Of measurements: `shape kind`. */
export const measureKey = (shape: string | null, kind: DeviceKind) => `${shape} ${kind}`;

/** Of turns: `team user`. */
export const turnKey = (teamId: string, userId: string) => `${teamId} ${userId}`;

const COMMON = Prisma.sql`id, attempt, team_id AS "teamId", coalesce(user_id::text, '') AS "userId", priority, queued_at AS "queuedAt", demand, shape, step, total_steps AS "totalSteps", device_ids AS "deviceIds"`;
const ms = (count: number) => Prisma.sql`make_interval(secs => ${count / 1000}::float8)`;
const time = (date: Date) => Prisma.sql`${date.toISOString()}::timestamptz`;
/** Holds the right to decide until the statement is done: whoever takes it over afterwards sees what was written. */
const leader = (owner: string) => Prisma.sql`leader AS (SELECT FROM scheduler_lease WHERE owner = ${owner} AND expires_at > now() FOR UPDATE)`;

/** More rows at a time would hold up their process for too long. */
const AT_ONCE = 500;

export function createPlacements(database: Database): Placements {
  // One text, since thousands of rows take far longer to be read.
  async function versions(): Promise<Map<string, string>> {
    const [row] = await database.$queryRaw<{ all: string }[]>`SELECT coalesce(string_agg(id || ' ' || xmin, ','), '') AS all FROM runs WHERE state = 'queued' AND placed_at IS NULL`;
    const all = row!.all;
    return new Map(all === '' ? [] : all.split(',').map((pair) => pair.split(' ') as [string, string]));
  }

  return {
    async lead(owner, forMs) {
      const count = await database.$executeRaw`
        INSERT INTO scheduler_lease (id, owner, expires_at) VALUES (1, ${owner}, now() + ${ms(forMs)})
        ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, expires_at = excluded.expires_at
        WHERE scheduler_lease.owner = ${owner} OR scheduler_lease.expires_at < now()`;
      return count > 0;
    },

    async abdicate(owner) {
      await database.$executeRaw`DELETE FROM scheduler_lease WHERE owner = ${owner}`;
    },

    async waiting(ids) {
      const wanted = ids ?? [...(await versions()).keys()];
      const rows: WaitingRow[] = [];
      for (let start = 0; start < wanted.length; start += AT_ONCE) {
        const some = await database.$queryRaw<WaitingRow[]>`
          SELECT ${COMMON}, lined_up_at AS "linedUpAt", promised_at AS "promisedAt", xmin::text AS version FROM runs
          WHERE state = 'queued' AND placed_at IS NULL AND id = ANY(${wanted.slice(start, start + AT_ONCE)}::uuid[])`;
        rows.push(...some);
      }
      return rows;
    },

    versions,

    placed: () => database.$queryRaw<PlacedRow[]>`
      SELECT ${COMMON}, state, box, memory_mib AS "memoryMiB", placed_at AS "placedAt", extract(epoch FROM now() - placed_at)::float8 * 1000 AS "placedAgoMs", (SELECT running_at FROM device_uses WHERE run_id = runs.id AND device_uses.attempt = runs.attempt) AS "runningAt", started_at AS "startedAt",
        examples_per_second AS "examplesPerSecond", aged, lent_by AS "lentBy", leaving,
        CASE WHEN demand -> 'maxRuntimeSeconds' = 'null' THEN 0 ELSE ${timeOnDevicesMs(Prisma.sql`ended_at`)} END AS "usedBeforeMs"
      FROM runs WHERE placed_at IS NOT NULL`,

    teams: () => database.team.findMany({ select: { id: true, weight: true, maxRuns: true, gpuSecondsPerDay: true } }),

    async turns(since) {
      const rows = await database.$queryRaw<{ teamId: string; userId: string; at: Date }[]>`
        SELECT team_id AS "teamId", coalesce(user_id::text, '') AS "userId", max(started_at) AS at FROM device_uses WHERE aged AND started_at > ${time(since)} GROUP BY 1, 2`;
      return new Map(rows.map(({ teamId, userId, at }) => [turnKey(teamId, userId), at.getTime()]));
    },

    async measured(shapes) {
      if (shapes.length === 0) return new Map();
      const rows = await database.$queryRaw<(Measured & { shape: string; deviceKind: DeviceKind })[]>`
        SELECT shape, device_kind AS "deviceKind", peak_mib AS "peakMiB", examples_per_second AS "examplesPerSecond", startup_ms AS "startupMs" FROM measurements WHERE shape = ANY(${shapes}::text[])`;
      return new Map(rows.map((row) => [measureKey(row.shape, row.deviceKind), row]));
    },

    async commit(owner, { placements, evictions }) {
      if (placements.length === 0 && evictions.length === 0) return { mayDecide: true, placed: [], evicted: [] };
      const rows = await database.$queryRaw<{ id: string | null; evicted: boolean }[]>`
        WITH ${leader(owner)}, placed AS (
          UPDATE runs SET placed_at = now(), box = given.box, device_ids = string_to_array(given.devices, ' '), memory_mib = given.memory, share = given.share, aged = given.aged, lent_by = given.lent_by
          FROM unnest(
            ${placements.map(({ runId }) => runId)}::uuid[], ${placements.map(({ attempt }) => attempt)}::int[], ${placements.map(({ box }) => box)}::text[], ${placements.map(({ deviceIds }) => deviceIds.join(' '))}::text[],
            ${placements.map(({ memoryMiB }) => memoryMiB)}::int[], ${placements.map(({ share }) => share)}::float8[], ${placements.map(({ aged }) => aged)}::bool[], ${placements.map(({ lentBy }) => lentBy)}::uuid[]
          ) AS given (id, attempt, box, devices, memory, share, aged, lent_by)
          WHERE EXISTS (SELECT FROM leader) AND runs.id = given.id AND runs.attempt = given.attempt AND state = 'queued' AND placed_at IS NULL
            AND NOT EXISTS (SELECT FROM boxes WHERE name = given.box AND phase <> 'open')
          RETURNING runs.id
        ), evicted AS (
          UPDATE runs SET leaving = given.why, leaving_for = given.beneficiary
          FROM unnest(${evictions.map(({ runId }) => runId)}::uuid[], ${evictions.map(({ why }) => why)}::text[], ${evictions.map((eviction) => eviction.for)}::uuid[]) AS given (id, why, beneficiary)
          WHERE EXISTS (SELECT FROM leader) AND runs.id = given.id AND leaving IS NULL AND placed_at IS NOT NULL
          RETURNING runs.id
        ), promised AS (
          UPDATE runs SET promised_at = coalesce(promised_at, now())
          WHERE EXISTS (SELECT FROM leader) AND state = 'queued' AND placed_at IS NULL AND id = ANY(${evictions.flatMap((eviction) => eviction.for ?? [])}::uuid[])
        )
        SELECT id, false AS evicted FROM placed UNION ALL SELECT id, true FROM evicted UNION ALL SELECT NULL, false FROM leader`;
      const of = (wanted: boolean) => rows.flatMap(({ id, evicted }) => (id !== null && evicted === wanted ? [id] : []));
      return { mayDecide: rows.some(({ id }) => id === null), placed: of(false), evicted: of(true) };
    },

    async keep(runId, box) {
      await database.$executeRaw`UPDATE runs SET placed_at = now() WHERE id = ${runId}::uuid AND box = ${box} AND state = 'queued' AND placed_at IS NOT NULL`;
    },

    async release(owner, { alive, afterMs }) {
      const rows = await database.$queryRaw<{ id: string }[]>`
        WITH ${leader(owner)}
        UPDATE runs SET placed_at = NULL, box = CASE WHEN attempt > 0 THEN box END, aged = false, lent_by = NULL, leaving = NULL, leaving_for = NULL
        WHERE EXISTS (SELECT FROM leader) AND state = 'queued' AND placed_at IS NOT NULL AND (placed_at < now() - ${ms(afterMs)} OR box <> ALL(${alive}::text[]) OR leaving IS NOT NULL)
        RETURNING id`;
      return rows.map(({ id }) => id);
    },
  };
}
