// The files of a run: the list, downloads with ranges and conditions, deletion.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { RunParams } from '../http/params.js';
import { onePage } from '../http/query.js';
import { empty, problems } from '../http/responses.js';
import { ArtifactPage, type Artifact as ArtifactBody } from '../schemas/artifact.js';
import { ref, strictObject } from '../schemas/build.js';
import { RunId } from '../schemas/run.js';
import type { Services } from '../services.js';
import type { Artifact } from './artifact-repository.js';
import { deleteFiles } from './deletion.js';
import { findArtifact, sendArtifact } from './download.js';

type Needs = { services: Pick<Services, 'runs' | 'artifacts' | 'store'> };

const FileParams = strictObject({ id: RunId, '*': Type.String({ minLength: 1, description: 'Path of the file within the run; it may have slashes.' }) });
const DownloadHeaders = Type.Object({
  range: Type.Optional(Type.String({ description: 'One range: `bytes=0-1023`, `bytes=1024-`, `bytes=-1024`.' })),
  'if-none-match': Type.Optional(Type.String({ description: 'Tags that the client holds; 304 when the current one is among them.' })),
  'if-match': Type.Optional(Type.String({ description: 'Tags that the client means; 412 when the current one is not among them.' })),
  'if-range': Type.Optional(Type.String({ description: 'The tag that `range` belongs to; the whole file when it is another one.' })),
});

const bytes = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
const headers = { etag: { type: 'string', description: 'The SHA-256 of the bytes, in quotes.' }, 'accept-ranges': { type: 'string', description: '`bytes`.' } };
const partial = { ...headers, 'content-range': { type: 'string', description: 'Which bytes these are.' } };
const download = {
  params: FileParams,
  headers: DownloadHeaders,
  tags: ['models'],
  response: {
    200: { description: 'The file, with its own media type.', headers, content: bytes } as unknown,
    206: { description: 'The range.', headers: partial, content: bytes } as unknown,
    304: { description: 'The client holds these bytes already.', type: 'null' } as unknown,
    ...problems('not_found', 'precondition_failed', 'range_not_satisfiable', 'artifacts_unavailable'),
  },
};

export const artifactRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { services }) => {
  const { artifacts, runs, store } = services;

  app.get('/v1/runs/:id/artifacts', {
    config: { access: 'view' },
    schema: { operationId: 'listArtifacts', tags: ['models'], summary: "List a run's files", params: RunParams, response: { 200: ref(ArtifactPage), ...problems('not_found') } },
  }, async ({ principal, params: { id } }) => {
    await runs.see(principal, id);
    return onePage((await artifacts.list(id)).map((artifact) => toBody(id, artifact)));
  });

  const path = '/v1/runs/:id/artifacts/*';
  // Two routes, because Fastify's own HEAD would read the whole file to throw it away.
  app.get(path, {
    exposeHeadRoute: false,
    config: { access: 'view' },
    schema: { ...download, operationId: 'downloadArtifact', summary: 'Download a file', description: 'The model loads in TF.js from the address of its `model.json`.' },
  }, async (request, reply) => {
    const { id, '*': file } = request.params;
    await runs.see(request.principal, id);
    return sendArtifact(await findArtifact({ artifacts, store, runId: id, path: file }), request, reply);
  });

  app.head(path, { config: { access: 'view' }, schema: { ...download, operationId: 'headArtifact', summary: 'Ask about a file without its bytes' } }, async (request, reply) => {
    const { id, '*': file } = request.params;
    await runs.see(request.principal, id);
    return sendArtifact(await findArtifact({ artifacts, store, runId: id, path: file }), request, reply);
  });

  app.delete(path, {
    config: { access: 'write' },
    schema: {
      operationId: 'deleteArtifacts', tags: ['models'], summary: 'Delete a file or a folder of a run that has ended', params: FileParams,
      description: '`model` is the whole model, `checkpoints` all training states. Bytes that no other run uses are freed. A checkpoint that has lost a file is none any more.',
      response: { ...empty(204, 'It is gone.'), ...problems('not_found', 'run_not_ended') },
    },
  }, async ({ principal: { teamId }, params: { id, '*': file }, log }, reply) => {
    await deleteFiles({ runs, artifacts, store, teamId, runId: id, path: file, onError: (error) => log.warn({ err: error, runId: id }, 'bytes of deleted files stay') });
    return reply.code(204).send();
  });
};

function toBody(runId: string, { createdAt, ...artifact }: Artifact): ArtifactBody {
  const path = artifact.path.split('/').map(encodeURIComponent).join('/');
  return { ...artifact, createdAt: createdAt.toISOString(), url: `/v1/runs/${runId}/artifacts/${path}` };
}
