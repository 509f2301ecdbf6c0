// What is using the disk.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { problems } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import { Usage } from '../schemas/usage.js';
import type { Services } from '../services.js';

export const usageRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'usage'> }> = async (app, { services: { usage } }) => {
  app.get('/v1/usage', {
    config: { access: 'read' },
    schema: {
      operationId: 'getUsage', tags: ['service'], summary: 'Ask what is using the disk',
      description: 'The data folder of the box that answers, by what is in it, and the runs with the largest files. The sums are those of the file system, and of the bucket where there is one.',
      response: { 200: ref(Usage), ...problems('artifacts_unavailable') },
    },
  }, async ({ principal: { teamId } }) => usage.get(teamId));
};
