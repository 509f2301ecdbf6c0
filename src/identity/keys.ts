// Keys of the API: made, listed, revoked. A key can do no more, and lasts no longer, than whoever makes it.
import { ServiceError, type InputProblem } from '../errors.js';
import type { Database, Prisma } from '../db/client.js';
import { storableText } from '../db/storable-text.js';
import { SCOPES, type ApiKey, type NewApiKey, type Role, type Scope } from '../schemas/identity.js';
import { actorOf, refuseOverOperator, type Principal } from './principal.js';
import { scopesOf } from './rights.js';
import { createToken } from './token.js';

const DAY_MS = 24 * 3600_000;

export interface KeyService {
  /** One's own; of the whole team with the right to manage it; of any, with the right to operate. The newest first. @throws ServiceError not_found */
  list(principal: Principal, team?: string): Promise<ApiKey[]>;
  /** `secret` is shown this once. @throws ServiceError not_found, forbidden, impossible_key */
  create(principal: Principal, wanted: NewApiKey): Promise<{ key: ApiKey; secret: string }>;
  /** Idempotent. @throws ServiceError not_found */
  revoke(principal: Principal, id: string): Promise<void>;
}

const MEMBER = { include: { user: true, team: true } } as const;
type KeyRow = Prisma.ApiKeyGetPayload<{ include: { membership: typeof MEMBER } }>;

export function createKeyService(database: Database, { onRevoked }: { onRevoked: () => void }): KeyService {
  /** Whose keys one has to do with. */
  function mineOf({ teamId, user, rights }: Principal) {
    if (rights.includes('operate')) return {};
    return rights.includes('manage') ? { teamId } : { teamId, userId: user?.id ?? '' };
  }

  async function holderOf({ team, user, rights }: Principal, wanted: Pick<NewApiKey, 'user' | 'team'>) {
    const { user: name = user?.name ?? '', team: ofTeam = team } = wanted;
    if (ofTeam !== team && !rights.includes('operate')) throw new ServiceError('not_found', `There is no team ${ofTeam}.`);
    if (user === null || (name !== user.name && !rights.includes('manage') && !rights.includes('operate'))) throw new ServiceError('forbidden', 'Keys of others are made by whoever may manage the team.');
    const row = await database.membership.findFirst({ where: { team: { name: ofTeam }, user: { name } }, ...MEMBER });
    if (row === null) throw new ServiceError('not_found', (await database.team.count({ where: { name: ofTeam } })) === 0 ? `There is no team ${ofTeam}.` : `The team ${ofTeam} has no member ${name}.`);
    refuseOverOperator({ user, rights }, row.user);
    return row;
  }

  return {
    async list(principal, team) {
      if (team !== undefined && team !== principal.team && !principal.rights.includes('operate')) throw new ServiceError('not_found', `There is no team ${team}.`);
      const where = { ...mineOf(principal), membership: { team: { name: team ?? principal.team } } };
      return (await database.apiKey.findMany({ where, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], include: { membership: MEMBER } })).map(toApiKey);
    },

    async create(principal, { name, scopes, expiresInDays, ...wanted }) {
      // Where no key is asked for, one would be good when they are asked for again.
      if (principal.key === null) throw new ServiceError('forbidden', 'Keys are made by who has one.');
      const holder = await holderOf(principal, wanted);
      const allowed = scopesOf({ role: holder.role as Role, operator: holder.user.operator }).filter((scope) => principal.rights.includes(scope));
      const latest = principal.key?.expiresAt ?? null;
      const expiresAt = expiresInDays == null ? latest : new Date(Date.now() + expiresInDays * DAY_MS);
      const problems: InputProblem[] = (scopes ?? []).flatMap((scope, index) => (allowed.includes(scope) ? [] : [{ pointer: `/scopes/${index}`, detail: `${holder.user.name}, or the key that makes this one, has not the right to ${scope}` }]));
      if (latest !== null && expiresAt !== null && expiresAt > latest) problems.push({ pointer: '/expiresInDays', detail: `the key that makes it expires at ${latest.toISOString()}` });
      if (problems.length > 0) throw new ServiceError('impossible_key', undefined, { problems });
      const { token: { id }, secretHash, text } = createToken('key');
      const row = await database.apiKey.create({
        data: { id, secretHash, teamId: holder.teamId, userId: holder.userId, name: storableText(name), scopes: SCOPES.filter((scope) => (scopes ?? allowed).includes(scope)), expiresAt, createdBy: `${actorOf(principal)}${principal.key === null ? '' : ` by ${principal.key.id}`}` },
        include: { membership: MEMBER },
      });
      return { key: toApiKey(row), secret: text };
    },

    async revoke(principal, id) {
      const mine = { id, ...mineOf(principal) };
      const row = await database.apiKey.findFirst({ where: mine, include: { membership: MEMBER } });
      if (row === null) throw new ServiceError('not_found', `There is no key ${id}.`);
      refuseOverOperator(principal, row.membership.user);
      await database.apiKey.updateMany({ where: { ...mine, revokedAt: null }, data: { revokedAt: new Date() } });
      onRevoked();
    },
  };
}

function toApiKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    user: row.membership.user.name,
    team: row.membership.team.name,
    scopes: row.scopes as Scope[],
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    usedAt: row.usedAt?.toISOString() ?? null,
  };
}
