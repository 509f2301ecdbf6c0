// Asking a run's model over HTTP: numbers as JSON, or one picture as the body or as a form's file.
import multipart from '@fastify/multipart';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.js';
import { RunParams } from '../http/params.js';
import { problems } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import type { Inversion } from '../schemas/ipc.js';
import { IMAGE_TYPES, Prediction, Predictions, PredictQuery, PredictRequest } from '../schemas/predict.js';
import type { Services } from '../services.js';
import type { PredictInput } from './service.js';

const binary = { type: 'string', format: 'binary' };
const documentedBody = {
  content: {
    'application/json': { schema: ref(PredictRequest) },
    ...Object.fromEntries(IMAGE_TYPES.map((type) => [type, { schema: binary }])),
    'multipart/form-data': { schema: { type: 'object', properties: { image: { ...binary, description: 'A PNG or JPEG file; the name of the field does not matter.' } } } },
  },
};

export const predictRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'predict'> }> = async (app, { services: { predict } }) => {
  for (const [name, schema] of Object.entries({ PredictRequest, Prediction, Predictions })) if (app.getSchema(name) === undefined) app.addSchema(schema);
  app.addContentTypeParser([...IMAGE_TYPES], { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  await app.register(multipart, { limits: { files: 1, fields: 8, fieldSize: 1024, fileSize: app.initialConfig.bodyLimit ?? 1024 * 1024 } });

  app.post('/v1/runs/:id/predict', {
    config: { access: 'view', audited: false, documentedBody },
    schema: {
      operationId: 'predict', tags: ['models'], summary: "Ask a run's model", params: RunParams, querystring: PredictQuery,
      description: 'The run\'s own preprocessing is applied. A picture is made upright by its Exif tag, laid over white, turned grey for models of one channel, and fitted into the input\'s size with its proportions kept.',
      response: { 200: ref(Predictions), ...problems('not_found', 'model_not_ready', 'body_too_large', 'unsupported_media_type', 'impossible_input', 'artifacts_unavailable', 'predictor_unavailable') },
    },
  }, async (request) => predict.predict(request.principal, request.params.id, await inputOf(request, request.query.invert ?? 'auto')));
};

/** @throws ServiceError */
async function inputOf(request: FastifyRequest, invert: Inversion): Promise<PredictInput> {
  if (request.isMultipart()) return { kind: 'image', bytes: await uploadedFile(request), invert };
  if (Buffer.isBuffer(request.body)) return { kind: 'image', bytes: request.body, invert };
  return { kind: 'instances', body: request.body };
}

async function uploadedFile(request: FastifyRequest): Promise<Buffer> {
  const file = await wellFormed(() => request.file());
  if (file === undefined) throw new ServiceError('bad_request', 'The form has no file.');
  if (!IMAGE_TYPES.some((type) => type === file.mimetype) && file.mimetype !== 'application/octet-stream') {
    throw new ServiceError('unsupported_media_type', `The file is ${file.mimetype}; it must be ${IMAGE_TYPES.join(' or ')}.`);
  }
  return wellFormed(() => file.toBuffer());
}

/** The parser says of its own limits which status they have, and of a form that breaks off or is none only what it met. */
async function wellFormed<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && !('statusCode' in error)) throw new ServiceError('bad_request', `The form cannot be read: ${error.message}.`, { cause: error });
    throw error;
  }
}
