// What stays open longer than the request that opened it, and must outlive neither the key that it was opened with nor
// the consent of the team whose run it shows.
import { repeat } from '../repeat.js';
import type { RunRepository } from '../runs/run-repository.js';
import type { Authenticator } from './authenticator.js';
import { holderOf, type Principal } from './principal.js';

export interface OpenConnection {
  /** It shows this run from now on. */
  watches(runId: string): void;
  /** Whoever added it MUST say so, once. */
  closed(): void;
}

export interface OpenConnections {
  add(principal: Principal, close: (reason: string) => void): OpenConnection;
  /** Looks now, instead of a little later, which may not go on. */
  check(): Promise<void>;
  close(): void;
}

export interface OpenConnectionsOptions {
  authenticator: Pick<Authenticator, 'stillGood'>;
  runs: Pick<RunRepository, 'findHidden'>;
  /** Keys also expire, and a notice of their revocation may get lost. */
  everyMs?: number;
  onError(error: unknown): void;
}

/** Anybody may have a link: it must not take the places of all. */
const MAX_PER_LINK = 50;

interface Open {
  principal: Principal;
  runs: Set<string>;
  close(reason: string): void;
}

export function createOpenConnections({ authenticator, runs, everyMs = 10_000, onError }: OpenConnectionsOptions): OpenConnections {
  const open = new Set<Open>();

  async function verify(asked: readonly Open[]): Promise<void> {
    if (asked.length === 0) return;
    const good = await authenticator.stillGood([...new Map(asked.map(({ principal: { credential } }) => [credential.id, credential])).values()]);
    for (const one of asked) if (!good.has(one.principal.credential.id)) end(one, 'the key is good no more');
    await verifyRuns(asked);
  }

  async function verifyRuns(asked: readonly Open[]): Promise<void> {
    const byTeam = new Map<string, Open[]>();
    for (const one of asked) if (one.principal.onlyRunId === null && one.runs.size > 0) byTeam.set(one.principal.teamId, [...(byTeam.get(one.principal.teamId) ?? []), one]);
    for (const [teamId, connections] of byTeam) {
      const hidden = new Set(await runs.findHidden(teamId, [...new Set(connections.flatMap((one) => [...one.runs]))]));
      for (const one of connections) if ([...one.runs].some((id) => hidden.has(id))) end(one, 'a run is shared no more');
    }
  }

  function end(one: Open, reason: string): void {
    if (open.delete(one)) one.close(reason);
  }

  const ofLink = (shareId: string) => [...open].filter(({ principal }) => holderOf(principal) === shareId).length;
  const check = () => verify([...open]);
  const stop = repeat(check, { everyMs, onError });
  return {
    add(principal, close) {
      const one: Open = { principal, runs: new Set(), close };
      open.add(one);
      if (principal.shareId !== null && ofLink(principal.shareId) > MAX_PER_LINK) queueMicrotask(() => end(one, 'too many connections by one link'));
      // The key may have been revoked since it was looked at.
      else verify([one]).catch(onError);
      return { watches: (runId) => void one.runs.add(runId.toLowerCase()), closed: () => void open.delete(one) };
    },
    check,
    close: stop,
  };
}
