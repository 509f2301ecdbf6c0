// Runs that others may look at.
import { ServiceError } from '../errors.js';
import { isUniqueViolation, type Database } from '../db/client.js';
import type { NewShare, Share } from '../schemas/identity.js';
import { actorOf, type Principal } from './principal.js';
import { createToken } from './token.js';

const DAY_MS = 24 * 3600_000;

export interface ShareService {
  /** The newest first. */
  list(runId: string): Promise<Share[]>;
  /** With a team again: changes until when. `link` is shown this once. @throws ServiceError not_found */
  create(principal: Principal, runId: string, wanted: NewShare): Promise<{ share: Share; link: string | null }>;
  /** @throws ServiceError not_found */
  delete(runId: string, id: string): Promise<void>;
}

export function createShareService(database: Database, { onRevoked }: { onRevoked: () => void }): ShareService {
  return {
    async list(runId) {
      const rows = await database.share.findMany({ where: { runId }, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], include: WITH_TEAM });
      return rows.map(toShare);
    },

    async create(principal, runId, { team, expiresInDays }) {
      const expiresAt = expiresInDays == null ? null : new Date(Date.now() + expiresInDays * DAY_MS);
      const { token: { id }, secretHash, text } = createToken('link');
      const about = { runId, expiresAt, createdBy: actorOf(principal) };
      if (team === undefined) {
        const row = await database.share.create({ data: { id, secretHash, ...about }, include: WITH_TEAM });
        return { share: toShare(row), link: text };
      }
      const other = await database.team.findUnique({ where: { name: team }, select: { id: true } });
      if (other === null) throw new ServiceError('not_found', `There is no team ${team}.`);
      const where = { runId_teamId: { runId, teamId: other.id } };
      const put = () => database.share.upsert({ where, create: { id, teamId: other.id, ...about }, update: { expiresAt }, include: WITH_TEAM });
      // Two at once: the second finds what the first has made.
      const row = await put().catch((error: unknown) => (isUniqueViolation(error) ? put() : Promise.reject(error)));
      return { share: toShare(row), link: null };
    },

    async delete(runId, id) {
      const { count } = await database.share.deleteMany({ where: { id, runId } });
      if (count === 0) throw new ServiceError('not_found', `The run is not shared as ${id}.`);
      onRevoked();
    },
  };
}

const WITH_TEAM = { team: { select: { name: true } } } as const;

const toShare = ({ id, team, createdBy, createdAt, expiresAt }: { id: string; team: { name: string } | null; createdBy: string; createdAt: Date; expiresAt: Date | null }): Share =>
  ({ id, team: team?.name ?? null, createdBy, createdAt: createdAt.toISOString(), expiresAt: expiresAt?.toISOString() ?? null });
