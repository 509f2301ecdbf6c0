// The boxes of the service: machines with devices, by their names.
import type { Database } from '../db/client.js';
import type { BoxPhase } from '../schemas/box.js';

export interface Box {
  name: string;
  phase: BoxPhase;
  /** SHA-256 of the token that its supervisor must show; null where none is asked for. */
  tokenHash: string | null;
  createdAt: Date;
}

export interface BoxRepository {
  /** Known from now on, if it was not. */
  register(name: string): Promise<Box>;
  find(name: string): Promise<Box | null>;
  /** By name; without those that were removed. */
  list(): Promise<Box[]>;
  /** How each box stands, by name; of all that ever were. */
  phases(): Promise<Map<string, BoxPhase>>;
  /** Runs that have a place, by box. */
  countRuns(): Promise<Map<string, number>>;
  /** Of those that ever were. */
  anyHasToken(): Promise<boolean>;
  /** Adds a box, or one that was removed, or gives a token to one that has none; null where there is one of that name that has. */
  create(box: { name: string; tokenHash: string }): Promise<Box | null>;
  /** Null where there is none, or it was removed. */
  setPhase(name: string, phase: BoxPhase): Promise<Box | null>;
  /** Unless runs have a place there. */
  remove(name: string): Promise<boolean>;
}

export function createBoxRepository(database: Database): BoxRepository {
  const toBox = <T extends { phase: string }>(row: T) => ({ ...row, phase: row.phase as BoxPhase });
  return {
    register: async (name) => toBox(await database.box.upsert({ where: { name }, create: { name }, update: {} })),

    async find(name) {
      const row = await database.box.findUnique({ where: { name } });
      return row === null ? null : toBox(row);
    },

    list: async () => (await database.box.findMany({ where: { phase: { not: 'removed' } }, orderBy: { name: 'asc' } })).map(toBox),

    phases: async () => new Map((await database.box.findMany({ select: { name: true, phase: true } })).map(({ name, phase }) => [name, phase as BoxPhase])),

    async countRuns() {
      const rows = await database.$queryRaw<{ box: string; count: number }[]>`
        SELECT box, count(*)::int AS count FROM runs WHERE placed_at IS NOT NULL GROUP BY box`;
      return new Map(rows.map(({ box, count }) => [box, count]));
    },

    anyHasToken: async () => (await database.box.findFirst({ where: { tokenHash: { not: null } } })) !== null,

    async create({ name, tokenHash }) {
      const rows = await database.$queryRaw<(Omit<Box, 'phase'> & { phase: string })[]>`
        INSERT INTO boxes (name, token_hash) VALUES (${name}, ${tokenHash})
        ON CONFLICT (name) DO UPDATE SET token_hash = excluded.token_hash,
          phase = CASE boxes.phase WHEN 'removed' THEN 'open' ELSE boxes.phase END,
          created_at = CASE boxes.phase WHEN 'removed' THEN now() ELSE boxes.created_at END
        WHERE boxes.phase = 'removed' OR boxes.token_hash IS NULL
        RETURNING name, phase, token_hash AS "tokenHash", created_at AS "createdAt"`;
      return rows[0] === undefined ? null : toBox(rows[0]);
    },

    async remove(name) {
      const count = await database.$executeRaw`
        UPDATE boxes SET phase = 'removed' WHERE name = ${name}
          AND NOT EXISTS (SELECT FROM runs WHERE box = ${name} AND placed_at IS NOT NULL)`;
      return count > 0;
    },

    async setPhase(name, phase) {
      const { count } = await database.box.updateMany({ where: { name, phase: { not: 'removed' } }, data: { phase } });
      return count === 0 ? null : toBox(await database.box.findUniqueOrThrow({ where: { name } }));
    },
  };
}
