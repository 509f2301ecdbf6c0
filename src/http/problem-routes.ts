// Where the `type` of a problem leads: what its code means.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ERRORS, ServiceError, type ErrorCode } from '../errors.js';
import { ref, strictObject } from '../schemas/build.js';
import { ProblemType } from '../schemas/problem.js';
import { isRetryable } from './problem.js';
import { problems } from './responses.js';

export const problemRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get('/problems/:code', {
    config: { access: 'public' },
    schema: {
      operationId: 'getProblemType', tags: ['service'], summary: 'What the code of a problem means',
      params: strictObject({ code: Type.String({ description: 'The `code` of a problem.' }) }),
      response: { 200: ref(ProblemType), ...problems('not_found') },
    },
  }, async ({ params }) => {
    if (!Object.hasOwn(ERRORS, params.code)) throw new ServiceError('not_found', 'No problem has this code.');
    const code = params.code as ErrorCode;
    const { status, title } = ERRORS[code];
    return { code, status, title, retryable: isRetryable(code) };
  });
};
