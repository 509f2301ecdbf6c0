// What teams and users have used, as the scheduler counts it: in device-milliseconds, those of a kind by its price.
import { Prisma, type DatabaseSession } from '../db/client.js';
import type { DeviceKind } from '../schemas/device-kind.js';

type Price = Readonly<Record<DeviceKind, number>>;

export interface TeamUsage {
  usage: number;
  /** By id; not of runs whose user is gone, which count for the team alone. */
  users: Map<string, number>;
}

/** Of what ended earlier, less than a four-thousandth is left. */
const HALF_LIVES = 12;
/** PostgreSQL takes a power that is too small for a number for a fault. */
const LEAST_EXPONENT = -700;

// Multiplied before it is rounded: seconds since 1970 leave no room for a millionth of a millisecond.
const ms = (time: Prisma.Sql) => Prisma.sql`(extract(epoch FROM ${time}) * 1000)::float8`;
const priceOf = ({ gpu, cpu }: Price) => Prisma.sql`(CASE device_kind WHEN 'gpu' THEN ${gpu}::float8 ELSE ${cpu}::float8 END)`;

/** What lasts is over when its run's lease is: nobody may be there to say so. */
const uses = (until: Prisma.Sql) => Prisma.sql`(
  SELECT device_uses.*, coalesce(device_uses.ended_at, greatest(device_uses.started_at, least(${until}, runs.lease_expires_at))) AS until
  FROM device_uses LEFT JOIN runs ON device_uses.ended_at IS NULL AND runs.id = run_id AND runs.attempt = device_uses.attempt
) AS uses`;

/**
 * What was used a half-life ago counts half: the same as `decayed` of src/scheduler/shares.ts, taken over each use at
 * once. By the id of the team.
 */
export async function decayedUsage(database: DatabaseSession, { now, halfLifeMs, price }: { now: number; halfLifeMs: number; price: Price }): Promise<Map<string, TeamUsage>> {
  const rate = Math.LN2 / halfLifeMs;
  // Clocks differ: what has begun after now has not begun.
  const left = (at: Prisma.Sql) => Prisma.sql`exp(greatest(${LEAST_EXPONENT}::float8, ${-rate}::float8 * greatest(0, ${now}::float8 - ${ms(at)})))`;
  const rows = await database.$queryRaw<{ teamId: string; userId: string | null; usage: number }[]>`
    SELECT team_id AS "teamId", user_id AS "userId", sum(${priceOf(price)} * share * (${left(Prisma.sql`until`)} - ${left(Prisma.sql`started_at`)})) / ${rate}::float8 AS usage
    FROM ${uses(Prisma.sql`to_timestamp(${now / 1000}::float8)`)}
    WHERE ended_at IS NULL OR ended_at > to_timestamp(${(now - HALF_LIVES * halfLifeMs) / 1000}::float8)
    GROUP BY team_id, user_id ORDER BY team_id, user_id`;
  const teams = new Map<string, TeamUsage>();
  for (const { teamId, userId, usage } of rows) {
    let team = teams.get(teamId);
    if (team === undefined) teams.set(teamId, (team = { usage: 0, users: new Map() }));
    team.usage += usage;
    if (userId !== null) team.users.set(userId, usage);
  }
  return teams;
}

/** Since midnight, UTC; by the id of the team. */
export async function usedToday(database: DatabaseSession, { now, price }: { now: number; price: Price }): Promise<Map<string, number>> {
  const midnight = new Date(now).setUTCHours(0, 0, 0, 0);
  const [since, until] = [Prisma.sql`to_timestamp(${midnight / 1000}::float8)`, Prisma.sql`to_timestamp(${now / 1000}::float8)`];
  const rows = await database.$queryRaw<{ teamId: string; used: number }[]>`
    SELECT team_id AS "teamId", sum(${priceOf(price)} * share * ${ms(Prisma.sql`(least(until, ${until}) - greatest(started_at, ${since}))`)}) AS used
    FROM ${uses(until)}
    WHERE (ended_at IS NULL OR ended_at > ${since}) AND until >= ${since} AND started_at < ${until} AND until > started_at
    GROUP BY team_id`;
  return new Map(rows.map(({ teamId, used }) => [teamId, used]));
}
