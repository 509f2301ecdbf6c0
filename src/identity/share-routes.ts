// Shares of a run over HTTP.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RunParams } from '../http/params.js';
import { onePage } from '../http/query.js';
import { empty, problems } from '../http/responses.js';
import { ref, strictObject } from '../schemas/build.js';
import { CreatedShare, NewShare, SharePage } from '../schemas/identity.js';
import { RunId } from '../schemas/run.js';
import type { Services } from '../services.js';

const ShareParams = strictObject({ id: RunId, share: Type.String({ pattern: '^[0-9a-f]{16}$', description: 'Its name.' }) });

export const shareRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'runs' | 'shares'> }> = async (app, { services: { runs, shares } }) => {
  app.get('/v1/runs/:id/shares', {
    config: { access: 'read' },
    schema: { operationId: 'listShares', tags: ['runs'], summary: 'List who else may look at a run', params: RunParams, response: { 200: ref(SharePage), ...problems('not_found') } },
  }, async ({ principal: { teamId }, params: { id } }) => {
    await runs.get(teamId, id);
    return onePage(await shares.list(id));
  });

  app.post('/v1/runs/:id/shares', {
    config: { access: 'write' },
    schema: {
      operationId: 'shareRun', tags: ['runs'], summary: 'Let others look at a run', params: RunParams, body: ref(NewShare),
      description: 'Its curves, events, files and model, with another team or by a link. Nobody else can change it.',
      response: { 201: ref(CreatedShare), ...problems('not_found', 'unsupported_media_type') },
    },
  }, async ({ principal, params: { id }, body }, reply) => {
    await runs.get(principal.teamId, id);
    const { share, link } = await shares.create(principal, id, body);
    return reply.code(201).header('location', `/v1/runs/${id}/shares/${share.id}`).send({ ...share, link });
  });

  app.delete('/v1/runs/:id/shares/:share', {
    config: { access: 'write' },
    schema: { operationId: 'unshareRun', tags: ['runs'], summary: 'Share a run no more', params: ShareParams, response: { ...empty(204, 'They cannot look any more.'), ...problems('not_found') } },
  }, async ({ principal: { teamId }, params: { id, share } }, reply) => {
    await runs.get(teamId, id);
    await shares.delete(id, share);
    return reply.code(204).send();
  });
};
