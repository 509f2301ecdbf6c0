// Who did what, over HTTP.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ServiceError } from '../errors.js';
import { problems } from '../http/responses.js';
import { ref, strictObject } from '../schemas/build.js';
import { AuditPage, Handle } from '../schemas/identity.js';
import type { Services } from '../services.js';

const AuditQuery = strictObject({
  team: Type.Optional(Handle),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Entries on a page.' })),
  cursor: Type.Optional(Type.String({ format: 'uuid', description: "`nextCursor` of the page before." })),
});

export const auditRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'audit'> }> = async (app, { services: { audit } }) => {
  app.get('/v1/audit', {
    config: { access: 'manage' },
    schema: {
      operationId: 'listAudit', tags: ['identity'], summary: 'List what was done', querystring: AuditQuery,
      description: "What was changed, or refused for want of a right; the newest first. Of one's own team; who runs the service may name another, or none for all.",
      response: { 200: ref(AuditPage), ...problems('not_found') },
    },
  }, async ({ principal, query: { team, limit = 50, cursor } }) => {
    const mayAll = principal.rights.includes('operate');
    if (team !== undefined && team !== principal.team && !mayAll) throw new ServiceError('not_found', `There is no team ${team}.`);
    const items = await audit.list({ team: team ?? (mayAll ? null : principal.team), limit, ...(cursor === undefined ? {} : { after: cursor }) });
    return { items, nextCursor: items.length === limit ? (items.at(-1)?.id ?? null) : null };
  });
};
