// What stays open longer than the request that opened it, and must not outlive the key that it was opened with.
import { repeat } from '../repeat.js';
import type { Authenticator } from './authenticator.js';
import type { Credential } from './principal.js';

export interface OpenConnections {
  /** Answers a function that forgets it; whoever added it MUST call that when it has closed. */
  add(credential: Credential, close: (reason: string) => void): () => void;
  /** Looks now, instead of a little later, whose credentials are good no more. */
  check(): Promise<void>;
  close(): void;
}

export interface OpenConnectionsOptions {
  authenticator: Pick<Authenticator, 'stillGood'>;
  /** Keys also expire, and a notice of their revocation may get lost. */
  everyMs?: number;
  onError(error: unknown): void;
}

export function createOpenConnections({ authenticator, everyMs = 10_000, onError }: OpenConnectionsOptions): OpenConnections {
  const open = new Set<{ credential: Credential; close(reason: string): void }>();

  async function check(): Promise<void> {
    const asked = [...open];
    if (asked.length === 0) return;
    const good = await authenticator.stillGood([...new Map(asked.map(({ credential }) => [credential.id, credential])).values()]);
    for (const connection of asked) if (open.has(connection) && !good.has(connection.credential.id)) connection.close('the key is good no more');
  }

  const stop = repeat(check, { everyMs, onError });
  return {
    add(credential, close) {
      const connection = { credential, close };
      open.add(connection);
      return () => void open.delete(connection);
    },
    check,
    close: stop,
  };
}
