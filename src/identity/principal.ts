// On whose behalf a request is made.
import type { Right, Role } from '../schemas/identity.js';

/** Whose runs may be looked at. */
export interface Reader {
  teamId: string;
  /** The only run of that team, for one who has no more than a link to it. */
  onlyRunId: string | null;
}

export interface Principal extends Reader {
  /** What it showed; with it goes what is still open. */
  credential: Credential;
  /** The key that was shown, or that the session was begun with; null for a link. */
  key: { id: string; expiresAt: Date | null } | null;
  /** Null for a link. */
  user: { id: string; name: string } | null;
  team: string;
  role: Role | null;
  rights: readonly Right[];
}

export interface Credential {
  kind: 'key' | 'session' | 'link';
  id: string;
}

/** For the log of who did what. */
export const actorOf = ({ user, credential }: Principal) => user?.name ?? `link ${credential.id}`;
