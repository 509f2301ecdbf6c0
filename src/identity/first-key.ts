// The first user of an installation, who runs it, and the first key.
import type { Database } from '../db/client.js';
import { SCOPES } from '../schemas/identity.js';
import type { Authenticator } from './authenticator.js';
import type { Principal } from './principal.js';
import { rightsOf } from './rights.js';
import { createToken, hashOf, parseToken } from './token.js';

export const FIRST_USER = 'admin';

export interface GivenKey {
  /** Null where none is. */
  key: string | null;
  /** What it is called in lists. */
  name: string;
}

/**
 * Sees to it that somebody can get in. Answers a new key, to be shown this once, where nobody who runs the service had
 * a key that is good. A key that is `given` is good from now on, instead of the one that was given by that name before,
 * and nothing is to be shown.
 */
export async function ensureFirstKey(database: Database, { teamId, given: { key, name } }: { teamId: string; given: GivenKey }): Promise<string | null> {
  const given = key === null ? null : parseToken(key);
  return database.$transaction(async (session) => {
    // Several processes may start at once.
    await session.$executeRaw`LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE`;
    const good = { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: new Date() } }], scopes: { has: 'operate' }, membership: { user: { operator: true } } };
    if (given === null && (await session.apiKey.count({ where: good })) > 0) return null;
    const user = await session.user.upsert({ where: { name: FIRST_USER }, create: { name: FIRST_USER, operator: true }, update: { operator: true } });
    const member = { teamId, userId: user.id };
    await session.membership.upsert({ where: { teamId_userId: member }, create: { ...member, role: 'admin' }, update: { role: 'admin' } });
    const { token: { id }, secretHash, text } = given === null ? createToken('key') : { token: given, secretHash: hashOf(given.secret), text: null };
    const about = { name: given === null ? 'first' : name, secretHash, scopes: [...SCOPES], createdBy: 'the service', ...member };
    // Whoever changes it means the one before to be good no more.
    if (given !== null) await session.apiKey.updateMany({ where: { name, id: { not: id }, revokedAt: null, ...member }, data: { revokedAt: new Date() } });
    await session.apiKey.upsert({ where: { id }, create: { id, ...about }, update: { ...about, revokedAt: null, expiresAt: null } });
    return text;
  });
}

/** For an installation of one person: everybody is the first user, but for what would outlast that. */
export async function openToAll(database: Database, teamId: string): Promise<Authenticator> {
  const { userId, user, team } = await database.membership.findFirstOrThrow({ where: { teamId, user: { name: FIRST_USER } }, include: { user: true, team: true } });
  const anybody: Principal = {
    credential: { kind: 'key', id: 'none' }, key: null, shareId: null, user: { id: userId, name: user.name }, teamId, team: team.name, role: 'admin',
    rights: rightsOf({ role: 'member', operator: false, scopes: SCOPES }), onlyRunId: null,
  };
  return { anybody, authenticate: async () => anybody, stillGood: async (credentials) => new Set(credentials.map(({ id }) => id)) };
}
