// Who asks, in tests that are about something else: one admin with one key, and nobody else.
import type { FastifyInstance } from 'fastify';
import { ServiceError } from '../../src/errors.js';
import type { NewAuditEntry } from '../../src/identity/audit.js';
import type { Principal } from '../../src/identity/principal.js';
import { rightsOf } from '../../src/identity/rights.js';
import { parseToken } from '../../src/identity/token.js';
import { SCOPES } from '../../src/schemas/identity.js';
import type { Services } from '../../src/services.js';
import { TEST_KEY } from '../helpers/key.js';
import type { FakeRecords } from './records.js';

type Identity = Pick<Services, 'authenticator' | 'sessions' | 'keys' | 'teams' | 'shares' | 'audit' | 'openConnections'>;

export function testPrincipal(teamId = ''): Principal {
  const id = parseToken(TEST_KEY)?.id ?? '';
  return {
    credential: { kind: 'key', id }, key: { id, expiresAt: null }, shareId: null, user: { id: '01890000-0000-7000-8000-0000000000ee', name: 'admin' }, teamId, team: 'default', role: 'admin',
    rights: rightsOf({ role: 'admin', operator: true, scopes: SCOPES }), onlyRunId: null,
  };
}

/** For an app of a few routes and no authentication. */
export function actAs(app: FastifyInstance, principal: Principal = testPrincipal()): void {
  app.decorateRequest('principal', { getter: () => principal });
}

/** Nothing is there, and nothing can be added; the real ones are tested on a real database. */
export function createFakeIdentity(records: FakeRecords, teamId: string): Identity & { audited: NewAuditEntry[] } {
  const audited: NewAuditEntry[] = [];
  const authenticator: Services['authenticator'] = {
    anybody: null,
    authenticate: async ({ kind, id }) => (kind === 'key' && id === parseToken(TEST_KEY)?.id ? testPrincipal(teamId) : null),
    stillGood: async (credentials) => new Set(credentials.map(({ id }) => id)),
  };
  const nothing = async (): Promise<never> => {
    await records.statement();
    throw new ServiceError('not_found');
  };
  const none = async () => {
    await records.statement();
    return [];
  };
  const taken = async (): Promise<never> => {
    await records.statement();
    throw new ServiceError('name_taken');
  };
  return {
    audited,
    authenticator,
    openConnections: { add: () => ({ watches: () => undefined, closed: () => undefined }), check: async () => undefined, close: () => undefined },
    sessions: { begin: nothing, end: nothing, createTicket: nothing, forgetExpired: async () => undefined },
    keys: { list: none, create: nothing, revoke: nothing },
    teams: { list: none, get: nothing, create: taken, change: nothing, delete: nothing, listMembers: none, putMember: nothing, removeMember: nothing, listUsers: none, createUser: taken, changeUser: nothing, deleteUser: nothing },
    shares: { list: none, create: nothing, delete: nothing },
    audit: {
      async add(entry) {
        audited.push(entry);
      },
      list: none,
      forget: async () => undefined,
    },
  };
}
