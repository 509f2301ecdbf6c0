// From the secret that a request shows to the one on whose behalf it is made. Each time from the database: what was
// revoked is so at once, in every process.
import type { Database } from '../db/client.js';
import type { Credential, Principal } from './principal.js';
import type { Role } from '../schemas/identity.js';
import { rightsOf } from './rights.js';
import { isSecretOf, type Token } from './token.js';

export interface Authenticator {
  /** On whose behalf those act who show nothing; null where that is nobody. */
  anybody: Principal | null;
  /** Null for what is unknown, wrong, expired or revoked. A ticket is good once. */
  authenticate(token: Token): Promise<Principal | null>;
  /** Of these, the ids of those that are still good. */
  stillGood(credentials: readonly Credential[]): Promise<Set<string>>;
}

interface KeyRow {
  id: string;
  secretHash: string;
  scopes: string[];
  expiresAt: Date | null;
  isUsedOften: boolean;
  role: Role;
  userId: string;
  userName: string;
  operator: boolean;
  teamId: string;
  teamName: string;
}

interface LinkRow {
  id: string;
  secretHash: string;
  runId: string;
  teamId: string;
  teamName: string;
}

interface SessionRow {
  id: string;
  secretHash: string;
  /** Of a ticket that was made in one. */
  sessionId: string | null;
  keyId: string | null;
  shareId: string | null;
}

export function createAuthenticator(database: Database, { onError }: { onError: (error: unknown, what: string) => void }): Authenticator {
  async function findKey(id: string): Promise<KeyRow | null> {
    const [row] = await database.$queryRaw<KeyRow[]>`
      SELECT k.id, k.secret_hash AS "secretHash", k.scopes, k.expires_at AS "expiresAt", coalesce(k.used_at > now() - interval '1 minute', false) AS "isUsedOften",
             m.role, u.id AS "userId", u.name AS "userName", u.operator, t.id AS "teamId", t.name AS "teamName"
      FROM api_keys k JOIN memberships m ON m.team_id = k.team_id AND m.user_id = k.user_id JOIN users u ON u.id = k.user_id JOIN teams t ON t.id = k.team_id
      WHERE k.id = ${id} AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())`;
    return row ?? null;
  }

  async function findLink(id: string): Promise<LinkRow | null> {
    const [row] = await database.$queryRaw<LinkRow[]>`
      SELECT s.id, s.secret_hash AS "secretHash", s.run_id AS "runId", t.id AS "teamId", t.name AS "teamName"
      FROM shares s JOIN runs r ON r.id = s.run_id JOIN teams t ON t.id = r.team_id
      WHERE s.id = ${id} AND s.secret_hash IS NOT NULL AND (s.expires_at IS NULL OR s.expires_at > now())`;
    return row ?? null;
  }

  function noteUse({ id, isUsedOften }: KeyRow): void {
    if (isUsedOften) return;
    database.apiKey.updateMany({ where: { id }, data: { usedAt: new Date() } }).catch((error: unknown) => onError(error, 'noting the use of a key'));
  }

  function keyHolder(row: KeyRow, credential: Credential): Principal {
    noteUse(row);
    return {
      credential,
      key: { id: row.id, expiresAt: row.expiresAt },
      shareId: null,
      user: { id: row.userId, name: row.userName },
      teamId: row.teamId,
      team: row.teamName,
      role: row.role,
      rights: rightsOf(row),
      onlyRunId: null,
    };
  }

  const linkHolder = ({ id, runId, teamId, teamName }: LinkRow, credential: Credential): Principal =>
    ({ credential, key: null, shareId: id, user: null, teamId, team: teamName, role: null, rights: ['view'], onlyRunId: runId });

  async function byKey({ id, secret }: Token): Promise<Principal | null> {
    const row = await findKey(id);
    return row !== null && isSecretOf(secret, row.secretHash) ? keyHolder(row, { kind: 'key', id }) : null;
  }

  async function byLink({ id, secret }: Token): Promise<Principal | null> {
    const row = await findLink(id);
    return row !== null && isSecretOf(secret, row.secretHash) ? linkHolder(row, { kind: 'link', id }) : null;
  }

  /** A ticket is gone when it is used: it stands for what it was made with. */
  async function bySession({ keyId, shareId }: SessionRow, session: Credential | null): Promise<Principal | null> {
    if (keyId !== null) {
      const row = await findKey(keyId);
      return row === null ? null : keyHolder(row, session ?? { kind: 'key', id: keyId });
    }
    const row = shareId === null ? null : await findLink(shareId);
    return row === null ? null : linkHolder(row, session ?? { kind: 'link', id: row.id });
  }

  async function byCookie({ id, secret }: Token): Promise<Principal | null> {
    const [row] = await database.$queryRaw<SessionRow[]>`
      SELECT id, secret_hash AS "secretHash", key_id AS "keyId", share_id AS "shareId", session_id AS "sessionId" FROM sessions WHERE id = ${id} AND kind = 'session' AND expires_at > now()`;
    return row !== undefined && isSecretOf(secret, row.secretHash) ? bySession(row, { kind: 'session', id }) : null;
  }

  /** Deleted by whoever shows its id, right or wrong: then a guess costs the ticket. */
  async function byTicket({ id, secret }: Token): Promise<Principal | null> {
    const [row] = await database.$queryRaw<SessionRow[]>`
      DELETE FROM sessions WHERE id = ${id} AND kind = 'ticket' AND expires_at > now()
      RETURNING id, secret_hash AS "secretHash", key_id AS "keyId", share_id AS "shareId", session_id AS "sessionId"`;
    if (row === undefined || !isSecretOf(secret, row.secretHash)) return null;
    const principal = await bySession(row, row.sessionId === null ? null : { kind: 'session', id: row.sessionId });
    // What shows a ticket opens a live connection, and that is all.
    return principal === null ? null : { ...principal, rights: ['view'] };
  }

  // A box shows its token to the database, not to the API.
  const WAYS = { key: byKey, session: byCookie, ticket: byTicket, link: byLink, box: async () => null };

  return {
    anybody: null,

    authenticate: (token) => WAYS[token.kind](token),

    async stillGood(credentials) {
      const idsOf = (wanted: Credential['kind']) => credentials.filter(({ kind }) => kind === wanted).map(({ id }) => id);
      const rows = await database.$queryRaw<{ id: string }[]>`
        WITH keys AS (SELECT k.id FROM api_keys k WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())),
             links AS (SELECT s.id FROM shares s WHERE s.secret_hash IS NOT NULL AND (s.expires_at IS NULL OR s.expires_at > now()))
        SELECT id FROM keys WHERE id = ANY(${idsOf('key')}::text[])
        UNION ALL SELECT id FROM links WHERE id = ANY(${idsOf('link')}::text[])
        UNION ALL SELECT id FROM sessions WHERE id = ANY(${idsOf('session')}::text[]) AND expires_at > now() AND (key_id IN (SELECT id FROM keys) OR share_id IN (SELECT id FROM links))`;
      return new Set(rows.map(({ id }) => id));
    },
  };
}
