// Who may do what: a role has rights, a key some of them, and each route asks for one.
import { SCOPES, type Right, type Role, type Scope } from '../schemas/identity.js';

const RIGHTS_OF_ROLE: Record<Role, readonly Right[]> = {
  viewer: ['view', 'read'],
  member: ['view', 'read', 'write'],
  admin: ['view', 'read', 'write', 'manage'],
};

/** Of a key with these scopes, of a user with this role. */
export function rightsOf({ role, operator, scopes }: { role: Role; operator: boolean; scopes: readonly string[] }): Right[] {
  const granted = new Set<Right>([...RIGHTS_OF_ROLE[role], ...(operator ? (['manage', 'operate'] as const) : [])]);
  return [...granted].filter((right) => right === 'view' || scopes.includes(right));
}

/** What a role, or the right to operate, allows a key to have. */
export const scopesOf = (about: { role: Role; operator: boolean }): Scope[] => rightsOf({ ...about, scopes: SCOPES }).filter((right) => right !== 'view');
