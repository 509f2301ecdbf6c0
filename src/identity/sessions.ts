// What browsers have instead of keys: sessions, in a cookie, and tickets, for what can send no header.
import type { Database } from '../db/client.js';
import type { Principal } from './principal.js';
import { createToken, type Token } from './token.js';

const SESSION_MS = 7 * 24 * 3600_000;
const TICKET_MS = 60_000;

export interface Issued {
  token: Token;
  /** Shown once. */
  text: string;
  expiresAt: Date;
}

export interface SessionService {
  /** A session ends with its key, if that is earlier. */
  begin(principal: Principal): Promise<Issued>;
  /** With its tickets, and what is open by it. */
  end(id: string): Promise<void>;
  createTicket(principal: Principal): Promise<Issued>;
  /** Rows of sessions and tickets that are over. */
  forgetExpired(): Promise<void>;
}

export function createSessionService(database: Database, { onRevoked }: { onRevoked: () => void }): SessionService {
  async function issue(kind: 'session' | 'ticket', { credential, key, shareId }: Principal, lifeMs: number): Promise<Issued> {
    const { token, secretHash, text } = createToken(kind);
    const { id } = token;
    const latest = Date.now() + lifeMs;
    const expiresAt = new Date(key?.expiresAt == null ? latest : Math.min(latest, key.expiresAt.getTime()));
    const sessionId = kind === 'ticket' && credential.kind === 'session' ? credential.id : null;
    await database.session.create({ data: { id, kind, secretHash, expiresAt, keyId: key?.id ?? null, shareId, sessionId } });
    return { token, text, expiresAt };
  }

  return {
    begin: (principal) => issue('session', principal, SESSION_MS),
    createTicket: (principal) => issue('ticket', principal, TICKET_MS),
    async end(id) {
      await database.session.deleteMany({ where: { id } });
      onRevoked();
    },
    async forgetExpired() {
      await database.session.deleteMany({ where: { expiresAt: { lt: new Date() } } });
    },
  };
}
