// Who did what: each request that changes something, and each that was refused for want of a right.
import type { FastifyInstance } from 'fastify';
import { storableText } from '../db/storable-text.js';
import type { Database } from '../db/client.js';
import { pathOf } from '../http/problem.js';
import type { AuditEntry } from '../schemas/identity.js';
import { actorOf } from './principal.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** False for what changes nothing in spite of its method. */
    audited?: boolean;
  }
}

export interface NewAuditEntry extends Omit<AuditEntry, 'id' | 'at' | 'team'> {
  at: Date;
  teamId: string | null;
}

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
}

export function createAudit(database: Database): Audit {
  return {
    async add(entry) {
      await database.auditEntry.create({ data: entry });
    },
    async list({ team, after, limit }) {
      const where = { ...(team === null ? {} : { team: { name: team } }), ...(after === undefined ? {} : { id: { lt: after } }) };
      const rows = await database.auditEntry.findMany({ where, orderBy: { id: 'desc' }, take: limit, include: { team: { select: { name: true } } } });
      return rows.map(({ teamId: _, team, at, ...rest }) => ({ ...rest, at: at.toISOString(), team: team?.name ?? null }));
    },
  };
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Notes what was asked once it is answered. What cannot be noted is in the log. */
export function installAudit(app: FastifyInstance, audit: Pick<Audit, 'add'>): void {
  app.addHook('onResponse', async (request, { statusCode }) => {
    const { config, schema } = request.routeOptions;
    const { operationId } = (schema ?? {}) as { operationId?: string };
    const isChange = !READING.has(request.method) && config.audited !== false;
    if (operationId === undefined || !(isChange || statusCode === 403)) return;
    const principal = request.principal as typeof request.principal | null;
    const entry: NewAuditEntry = {
      at: new Date(), teamId: principal?.teamId ?? null, actor: principal === null ? 'nobody known' : actorOf(principal), keyId: principal?.key?.id ?? null,
      action: operationId, target: storableText(pathOf(request.url)).slice(0, 1000), status: statusCode, requestId: request.id, address: request.ip,
    };
    await audit.add(entry).catch((error: unknown) => request.log.error({ err: error, entry }, 'the audit could not be written'));
  });
}
