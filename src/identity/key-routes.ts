// API keys over HTTP.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { onePage } from '../http/query.js';
import { empty, problems } from '../http/responses.js';
import { ref, strictObject } from '../schemas/build.js';
import { ApiKeyPage, CreatedApiKey, Handle, NewApiKey } from '../schemas/identity.js';
import type { Services } from '../services.js';

const KeyParams = strictObject({ id: Type.String({ pattern: '^[0-9a-f]{16}$', description: 'The part of the key that is no secret.' }) });

const KeyQuery = strictObject({ team: Type.Optional(Handle) });

export const keyRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'keys'> }> = async (app, { services: { keys } }) => {
  app.get('/v1/keys', {
    config: { access: 'read' },
    schema: {
      operationId: 'listKeys', tags: ['identity'], summary: 'List keys', querystring: KeyQuery, description: "One's own for the team; with the right to `manage`, those of all its members; of any team for who runs the service.",
      response: { 200: ref(ApiKeyPage), ...problems('not_found') },
    },
  }, async ({ principal, query: { team } }) => onePage(await keys.list(principal, team)));

  app.post('/v1/keys', {
    config: { access: 'read' },
    schema: {
      operationId: 'createKey', tags: ['identity'], summary: 'Make a key', body: ref(NewApiKey), description: 'It can do no more, and lasts no longer, than the key that makes it.',
      response: { 201: ref(CreatedApiKey), ...problems('not_found', 'impossible_key', 'unsupported_media_type') },
    },
  }, async (request, reply) => {
    const { key, secret } = await keys.create(request.principal, request.body);
    request.auditTeam = key.team;
    return reply.code(201).header('location', `/v1/keys/${key.id}`).send({ ...key, key: secret });
  });

  app.delete('/v1/keys/:id', {
    config: { access: 'read' },
    schema: {
      operationId: 'revokeKey', tags: ['identity'], summary: 'Revoke a key', params: KeyParams, description: 'At once, with its sessions and open connections.',
      response: { ...empty(204, 'The key is good no more.'), ...problems('not_found') },
    },
  }, async ({ principal, params: { id } }, reply) => {
    await keys.revoke(principal, id);
    return reply.code(204).send();
  });
};
