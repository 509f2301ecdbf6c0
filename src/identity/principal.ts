// On whose behalf a request is made.
import { ServiceError } from '../errors.js';
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
  /** The link, for who has no more than one. */
  shareId: string | null;
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
export const actorOf = ({ user, shareId }: Principal) => user?.name ?? `link ${shareId}`;

/** What counts as one, however often it signs in. */
export const holderOf = ({ key, shareId, credential }: Principal) => key?.id ?? shareId ?? credential.id;

/** Who runs the service is not at the mercy of those who manage a team. @throws ServiceError forbidden */
export function refuseOverOperator({ user, rights }: Pick<Principal, 'user' | 'rights'>, target: { id: string; name: string; operator: boolean }): void {
  if (target.operator && target.id !== user?.id && !rights.includes('operate')) throw new ServiceError('forbidden', `${target.name} runs the service: only who does so too may do this.`);
}
