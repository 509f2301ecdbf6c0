// What members of a team may do.
import type { Member } from '../../api/types.js';

export type Role = Member['role'];

export const ROLES: readonly { value: Role; label: string }[] = [
  { value: 'viewer', label: 'Viewer: looks' },
  { value: 'member', label: 'Member: trains' },
  { value: 'admin', label: 'Admin: manages' },
];
