// Secrets that a client shows: `ty_<id>_<secret>`. The id finds the row; of the secret only a hash is stored, and it is
// compared in constant time. A fast hash will do, as nobody can guess 192 random bits.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { TOKEN_PREFIXES, tokenPattern, type TokenKind } from '../schemas/identity.js';

export interface Token {
  kind: TokenKind;
  id: string;
  secret: string;
}

export interface NewToken {
  token: Token;
  secretHash: string;
  /** Shown to its owner, once. */
  text: string;
}

const FORMS = (Object.keys(TOKEN_PREFIXES) as TokenKind[]).map((kind) => [kind, new RegExp(tokenPattern(kind))] as const);

export function createToken(kind: TokenKind): NewToken {
  const id = randomBytes(8).toString('hex');
  const secret = randomBytes(24).toString('hex');
  return { token: { kind, id, secret }, secretHash: hashOf(secret), text: `${TOKEN_PREFIXES[kind]}_${id}_${secret}` };
}

/** Null for what has not the form of one. */
export function parseToken(text: string): Token | null {
  for (const [kind, form] of FORMS) {
    const [, id, secret] = form.exec(text) ?? [];
    if (id !== undefined && secret !== undefined) return { kind, id, secret };
  }
  return null;
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** In constant time. */
export function isSecretOf(secret: string, secretHash: string): boolean {
  const [given, stored] = [hashOf(secret), secretHash].map((hash) => Buffer.from(hash, 'hex')) as [Buffer, Buffer];
  return given.length === stored.length && timingSafeEqual(given, stored);
}

/**
 * What a page must send besides its session's cookie to change anything. A page of another site can make a browser
 * send the cookie, but cannot read this.
 */
export const csrfTokenOf = (session: Token) => hashOf(`csrf ${session.secret}`);
