// Boxes over HTTP: to join, to be drained, to be removed.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { onePage } from '../http/query.js';
import { empty, problems } from '../http/responses.js';
import { Box, BoxChange, BoxName, BoxPage, CreatedBox, NewBox } from '../schemas/box.js';
import { ref, strictObject } from '../schemas/build.js';
import type { Services } from '../services.js';

const BoxParams = strictObject({ box: BoxName });

export const boxRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'boxes'> }> = async (app, { services: { boxes } }) => {
  app.get('/v1/boxes', {
    config: { access: 'read' },
    schema: { operationId: 'listBoxes', tags: ['devices'], summary: 'List the machines that train', response: { 200: ref(BoxPage), ...problems() } },
  }, async () => onePage(await boxes.list()));

  app.post('/v1/boxes', {
    config: { access: 'operate' },
    schema: {
      operationId: 'createBox', tags: ['devices'], summary: 'Let a machine join', body: ref(NewBox),
      description: 'Start its supervisor with the database and the queue of the service, `TRAINYARD_BOX` and `TRAINYARD_WORKER_TOKEN`. From the first token on nobody joins without one; a machine that has joined before is given one in the same way, for its next start.',
      response: { 201: ref(CreatedBox), ...problems('name_taken', 'unsupported_media_type') },
    },
  }, async ({ body: { name } }, reply) => reply.code(201).header('location', `/v1/boxes/${name}`).send(await boxes.create(name)));

  app.get('/v1/boxes/:box', {
    config: { access: 'read' },
    schema: { operationId: 'getBox', tags: ['devices'], summary: 'Get a machine', params: BoxParams, response: { 200: ref(Box), ...problems('not_found') } },
  }, async ({ params }) => boxes.get(params.box));

  app.patch('/v1/boxes/:box', {
    config: { access: 'operate' },
    schema: { operationId: 'updateBox', tags: ['devices'], summary: 'Cordon, drain or reopen a machine', params: BoxParams, body: ref(BoxChange), response: { 200: ref(Box), ...problems('not_found', 'unsupported_media_type') } },
  }, async ({ params, body: { phase } }) => boxes.tell(params.box, phase));

  app.delete('/v1/boxes/:box', {
    config: { access: 'operate' },
    schema: {
      operationId: 'deleteBox', tags: ['devices'], summary: 'Remove a machine that has no runs', params: BoxParams,
      description: 'Its supervisor gets no runs any more, and cannot join under this name until the box is made anew.',
      response: { ...empty(204, 'It belongs to the service no more.'), ...problems('not_found', 'box_in_use') },
    },
  }, async ({ params }, reply) => {
    await boxes.remove(params.box);
    return reply.code(204).send();
  });
};
