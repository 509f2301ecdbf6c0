// Who did what: each request that changes something, and each that was refused for want of a right.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { storableText } from '../db/storable-text.js';
import type { Database } from '../db/client.js';
import { pathOf } from '../http/problem.js';
import type { AuditEntry } from '../schemas/identity.js';
import { actorOf, type Principal } from './principal.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False for what changes nothing in spite of its method. */
    audited?: boolean;
  }
  interface FastifyRequest {
    /** The team that the request turned out to be about, where it is neither one's own nor in the address. */
    auditTeam?: string;
  }
}

export type NewAuditEntry = Omit<AuditEntry, 'id' | 'at'> & { at: Date };

export interface AuditQuery {
  /** Null for all. */
  team: string | null;
  /** Id of the last entry seen. */
  after?: string;
  limit: number;
}

export interface Audit {
  add(entry: NewAuditEntry): Promise<void>;
  /** The newest first. */
  list(query: AuditQuery): Promise<AuditEntry[]>;
  /** Removes what is older. */
  forget(before: Date): Promise<void>;
}

export function createAudit(database: Database): Audit {
  return {
    async add(entry) {
      await database.auditEntry.create({ data: entry });
    },
    async list({ team, after, limit }) {
      const rows = await database.auditEntry.findMany({ where: { ...(team === null ? {} : { team }), ...(after === undefined ? {} : { id: { lt: after } }) }, orderBy: { id: 'desc' }, take: limit });
      return rows.map(({ at, ...rest }) => ({ ...rest, at: at.toISOString() }));
    },
    async forget(before) {
      await database.auditEntry.deleteMany({ where: { at: { lt: before } } });
    },
  };
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Notes what was asked before it is answered, as a client may not wait for the answer. What cannot be noted is in the log. */
export function installAudit(app: FastifyInstance, audit: Pick<Audit, 'add'>): void {
  app.addHook('onSend', async (request, reply) => {
    const { config, schema } = request.routeOptions;
    const { operationId } = (schema ?? {}) as { operationId?: string };
    const principal = request.principal as Principal | null;
    const { statusCode: status } = reply;
    // Whoever is nobody, or asks too often, has done nothing; there is no end to that.
    if (operationId === undefined || principal === null || status === 429) return;
    if ((READING.has(request.method) || config.audited === false) && status !== 403) return;
    const entry: NewAuditEntry = {
      at: new Date(), team: teamOf(request), actor: actorOf(principal), keyId: principal.key?.id ?? null, action: operationId,
      target: storableText(String(reply.getHeader('location') ?? pathOf(request.url))).slice(0, 1000), status, requestId: request.id, address: request.ip,
    };
    await audit.add(entry).catch((error: unknown) => request.log.error({ err: error, entry }, 'the audit could not be written'));
  });
}

/** The team that it is about: a route of the service itself is of none. */
function teamOf({ principal, params, routeOptions, auditTeam }: FastifyRequest): string | null {
  const { team } = (params ?? {}) as { team?: string };
  const about = auditTeam ?? team;
  if (about !== undefined) return about;
  return routeOptions.config.access === 'operate' ? null : principal.team;
}
