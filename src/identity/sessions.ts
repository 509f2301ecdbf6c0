// What browsers have instead of keys: sessions, in a cookie, and tickets, for what can send no header.
import type { Database } from '../db/client.js';
import type { Principal } from './principal.js';
import { createToken, type Token } from './token.js';

const SESSION_MS = 7 * 24 * 3600_000;
export const TICKET_MS = 60_000;

export interface Issued {
  token: Token;
  /** Shown once. */
  text: string;
  expiresAt: Date;
}

export interface SessionService {
  /** A session ends with its key, if that is earlier. */
  begin(principal: Principal): Promise<Issued>;
  end(id: string): Promise<void>;
  createTicket(principal: Principal, lifeMs?: number): Promise<Issued>;
  /** Rows of sessions and tickets that are over. */
  forgetExpired(): Promise<void>;
}

export function createSessionService(database: Database): SessionService {
  async function issue(kind: 'session' | 'ticket', { credential, key }: Principal, lifeMs: number): Promise<Issued> {
    const { token, secretHash, text } = createToken(kind);
    const { id } = token;
    const latest = Date.now() + lifeMs;
    const expiresAt = new Date(key?.expiresAt == null ? latest : Math.min(latest, key.expiresAt.getTime()));
    const holder = key === null ? { shareId: await shareOf(credential) } : { keyId: key.id };
    await database.session.create({ data: { id, kind, secretHash, expiresAt, ...holder } });
    return { token, text, expiresAt };
  }

  async function shareOf({ kind, id }: Principal['credential']): Promise<string | null> {
    if (kind === 'link') return id;
    return (await database.session.findUnique({ where: { id }, select: { shareId: true } }))?.shareId ?? null;
  }

  return {
    begin: (principal) => issue('session', principal, SESSION_MS),
    createTicket: (principal, lifeMs = TICKET_MS) => issue('ticket', principal, lifeMs),
    async end(id) {
      await database.session.deleteMany({ where: { id } });
    },
    async forgetExpired() {
      await database.session.deleteMany({ where: { expiresAt: { lt: new Date() } } });
    },
  };
}
