// The queue over HTTP.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { problems } from '../http/responses.js';
import { ref, strictObject } from '../schemas/build.js';
import { Queue, QueueOutlook } from '../schemas/queue.js';
import { RunId } from '../schemas/run.js';
import type { Services } from '../services.js';

const QueueQuery = strictObject({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 200, description: 'Entries, at most.' })) });
const DEFAULT_LIMIT = 200;

export const queueRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'queue' | 'runs'> }> = async (app, { services: { queue, runs } }) => {
  app.get('/v1/queue', {
    config: { access: 'read' },
    schema: {
      operationId: 'getQueue', tags: ['runs'], summary: 'Look at the queue', querystring: QueueQuery,
      description: "The team's runs that wait: their places, why they do not start, and when they are likely to. Of other teams' runs only how many there are.",
      response: { 200: ref(Queue), ...problems('outlook_unavailable') },
    },
  }, async ({ principal: { teamId }, query: { limit = DEFAULT_LIMIT } }) => queue.list(teamId, limit));

  app.get('/v1/runs/:id/queue', {
    config: { access: 'read' },
    schema: {
      operationId: 'getRunOutlook', tags: ['runs'], summary: 'Ask why a run waits, until when, and what would let it start', params: strictObject({ id: RunId }),
      response: { 200: ref(QueueOutlook), ...problems('not_found', 'run_not_queued', 'outlook_unavailable') },
    },
  }, async ({ principal: { teamId }, params: { id } }) => queue.get(await runs.get(teamId, id)));
};
