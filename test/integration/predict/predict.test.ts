// A stored model asked over HTTP, in the real predictor process: numbers, pictures, and everything that is refused.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import Fastify, { type FastifyInstance } from 'fastify';
import { PNG } from 'pngjs';
import t from 'tap';
import type { Artifact } from '../../../src/artifacts/artifact-repository.js';
import { createDiskArtifactStore } from '../../../src/artifacts/store.js';
import { installErrorHandling } from '../../../src/http/error-handler.js';
import { installJsonBody } from '../../../src/http/json-body.js';
import { installSharedSchemas } from '../../../src/http/shared-schemas.js';
import { buildValidator } from '../../../src/http/validation.js';
import { predict as predictHere, saveModel } from '../../../src/ml/model-files.js';
import { predictRoutes } from '../../../src/predict/routes.js';
import { createPredictService } from '../../../src/predict/service.js';
import type { Predictions } from '../../../src/schemas/predict.js';
import type { Run } from '../../../src/schemas/run.js';
import { actAs } from '../../fakes/identity.js';

const RUN = '01890000-0000-7000-8000-00000000000a';
const UNTRAINED = '01890000-0000-7000-8000-00000000000b';
const DELETED = '01890000-0000-7000-8000-00000000000d';
const NOBODY = '01890000-0000-7000-8000-00000000000c';
const LABELS = ['paper', 'left', 'right'];
const metadata = { preprocessing: [{ type: 'rescaling' as const, scale: 1 / 255 }], labels: LABELS, inputShape: [4, 4, 1] };

/** Tells on which side a picture of 4 by 4 is bright. */
function sideModel(): tfl.LayersModel {
  const model = tfl.sequential({ layers: [tfl.layers.flatten({ inputShape: [4, 4, 1] }), tfl.layers.dense({ units: 3 })] });
  const kernel = Array.from({ length: 16 }, (_, index) => (index % 4 < 2 ? [0, 2, 0] : [0, 0, 2]));
  model.setWeights([tf.tensor2d(kernel), tf.tensor1d([1, 0, 0])]);
  return model;
}

const left = Array.from({ length: 16 }, (_, index) => (index % 4 < 2 ? 255 : 0));
const run = (id: string, state: Run['state']): Run => ({ id, state, spec: { loss: { type: 'sparseCategoricalCrossentropy', fromLogits: true } } } as Run);

t.before(async () => {
  await tf.setBackend('cpu');
});

const model = sideModel();
const folder = await mkdtemp(join(tmpdir(), 'trainyard-predict-'));
const store = createDiskArtifactStore(join(folder, 'artifacts'));
const artifacts = new Map<string, Artifact>();
/** Of a run whose files are found once. */
const deleted = new Map<string, Artifact>();
function findOnce(path: string): Artifact | null {
  const artifact = deleted.get(path) ?? null;
  deleted.delete(path);
  return artifact;
}
const states = new Map<string, Run['state']>([[RUN, 'succeeded'], [UNTRAINED, 'running'], [DELETED, 'succeeded']]);
const service = createPredictService({
  runs: { findReadable: async (_reader, id) => (states.has(id) ? run(id, states.get(id)!) : null) },
  artifacts: { find: async (runId, path) => (runId === DELETED ? findOnce(path) : runId === RUN ? (artifacts.get(path) ?? null) : null) },
  store,
  log: { warn: (details, message) => t.comment(message, details) },
});
const app: FastifyInstance = Fastify({ bodyLimit: 1024 * 1024, schemaController: { compilersFactory: { buildValidator } } });

t.before(async () => {
  const { modelJson, weightData } = await saveModel(model, metadata);
  for (const [path, bytes] of [['model/model.json', JSON.stringify(modelJson)], ['model/weights.bin', weightData]] as const) {
    const file = join(folder, basename(path));
    await writeFile(file, bytes);
    artifacts.set(path, { path, contentType: '', createdAt: new Date(0), ...(await store.put(file)) });
  }
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  actAs(app);
  installErrorHandling(app);
  installJsonBody(app);
  installSharedSchemas(app);
  await app.register(predictRoutes, { services: { predict: service } });
});
t.teardown(async () => {
  await app.close();
  await service.close();
  await rm(folder, { recursive: true });
});

const ask = (options: { id?: string; query?: string; type?: string; payload: string | Buffer }) =>
  app.inject({ method: 'POST', url: `/v1/runs/${options.id ?? RUN}/predict${options.query ?? ''}`, headers: { 'content-type': options.type ?? 'application/json' }, payload: options.payload });
const instances = (...values: unknown[]) => JSON.stringify({ instances: values });

function picture(size: number, value: (x: number) => number): Buffer {
  const image = new PNG({ width: size, height: size });
  image.data = Buffer.from(Array.from({ length: size * size }, (_, index) => { const v = value(index % size); return [v, v, v, 255]; }).flat());
  return PNG.sync.write(image);
}

t.test('numbers are predicted as in the process that trained', async (t) => {
  const dim = left.map((value) => value / 2);
  const response = await ask({ payload: instances(left, [...left].reverse(), Array(16).fill(0), dim) });
  t.equal(response.statusCode, 200);
  const { predictions } = response.json<Predictions>();
  t.same(predictions.map(({ label, index }) => [label, index]), [['left', 1], ['right', 2], ['paper', 0], ['left', 1]], 'each gets its label');
  const logits = await predictHere({ model, metadata }, Float32Array.from(dim), 1);
  const expected = [...tf.softmax(tf.tensor1d(logits)).dataSync()];
  predictions[3]?.probabilities?.forEach((probability, index) => {
    t.ok(Math.abs(probability - (expected[index] ?? 0)) < 1e-5, `probability ${index} is that of the model, through preprocessing and softmax`);
  });
});

t.test('pictures', async (t) => {
  const chalk = picture(16, (x) => (x < 8 ? 255 : 0));
  const one = (response: { json(): unknown }) => (response.json() as Predictions).predictions[0]?.label;
  t.equal(one(await ask({ type: 'image/png', query: '?invert=false', payload: chalk })), 'left', 'a PNG is decoded and fitted');
  t.equal(one(await ask({ type: 'image/png', query: '?invert=true', payload: chalk })), 'right', 'its negative is the other side');
  t.equal(one(await ask({ type: 'image/png', payload: picture(16, () => 255) })), 'paper', 'blank paper has no ink');
  const form = (type: string) => Buffer.concat([
    Buffer.from(`--b\r\ncontent-disposition: form-data; name="image"; filename="d.png"\r\ncontent-type: ${type}\r\n\r\n`), chalk, Buffer.from('\r\n--b--\r\n'),
  ]);
  const upload = { type: 'multipart/form-data; boundary=b', query: '?invert=false' };
  t.equal(one(await ask({ ...upload, payload: form('image/png') })), 'left', 'a form with a file does as well');
  t.match((await ask({ ...upload, payload: form('text/plain') })).json(), { status: 415, code: 'unsupported_media_type' }, 'not with any file');
  t.match((await ask({ ...upload, payload: Buffer.from('--b--\r\n') })).json(), { status: 400, code: 'bad_request' }, 'nor without one');
  const file = '--b\r\ncontent-disposition: form-data; name="a"; filename="a.png"\r\ncontent-type: image/png\r\n\r\nabc';
  for (const [what, type, payload] of [
    ['no boundary', 'multipart/form-data', form('image/png')],
    ['an empty boundary', 'multipart/form-data; boundary=', form('image/png')],
    ['no form at all', 'multipart/form-data; boundary=b', chalk],
    ['a form that ends in its head', 'multipart/form-data; boundary=b', Buffer.from(file.slice(0, 40))],
    ['a form that ends in its file', 'multipart/form-data; boundary=b', Buffer.from(file)],
  ] as const) t.match((await ask({ type, payload })).json(), { status: 400, code: 'bad_request', detail: /form/ }, `${what} is the client's fault`);
});

t.test('what is refused', async (t) => {
  const cases: [string, Parameters<typeof ask>[0], object][] = [
    ['an unknown run', { id: NOBODY, payload: instances(left) }, { status: 404, code: 'not_found' }],
    ['an id that is none', { id: '7', payload: instances(left) }, { status: 404, code: 'not_found' }],
    ['a run that still trains', { id: UNTRAINED, payload: instances(left) }, { status: 409, code: 'model_not_ready', detail: /is running/ }],
    ['no body', { payload: '' }, { status: 400, code: 'bad_request' }],
    ['no JSON', { payload: '{' }, { status: 400, code: 'bad_request' }],
    ['a wrong shape', { payload: instances(left, [1, 2, 3]) }, { status: 422, code: 'impossible_input', errors: [{ pointer: '/instances/1' }] }],
    ['no numbers', { payload: instances(['a', ...left.slice(1)]) }, { status: 400, errors: [{ pointer: '/instances/0/0' }] }],
    ['a large body', { payload: ' '.repeat(1024 * 1024 + 1) }, { status: 413, code: 'body_too_large' }],
    ['another media type', { type: 'text/csv', payload: '1,2' }, { status: 415, code: 'unsupported_media_type' }],
    ['a broken picture', { type: 'image/png', payload: picture(8, () => 0).subarray(0, 60) }, { status: 400, code: 'bad_request', detail: /damaged/ }],
    ['no picture', { type: 'image/jpeg', payload: 'hello' }, { status: 400, code: 'bad_request' }],
    ['a wrong option', { type: 'image/png', query: '?invert=maybe', payload: picture(8, () => 0) }, { status: 400, errors: [{ in: 'query', parameter: 'invert' }] }],
  ];
  for (const [what, request, expected] of cases) t.match((await ask(request)).json(), expected, what);
});

t.test('a model that is deleted while it is asked', async (t) => {
  const gone = '0'.repeat(64);
  for (const [what, files] of [
    ['before its description is read', { 'model/model.json': gone, 'model/weights.bin': gone }],
    ['before its weights are read', { 'model/model.json': artifacts.get('model/model.json')?.sha256 ?? '', 'model/weights.bin': gone }],
  ] as const) {
    for (const [path, sha256] of Object.entries(files)) deleted.set(path, { path, sha256, bytes: 1, contentType: '', createdAt: new Date(0) });
    t.match((await ask({ id: DELETED, payload: instances(left) })).json(), { status: 409, code: 'model_not_ready', detail: /is succeeded and has no model/ }, what);
  }
});

t.test('pictures of too many pixels', async (t) => {
  const header = Buffer.from(picture(8, () => 0));
  header.writeUInt32BE(60_000, 16);
  header.writeUInt32BE(60_000, 20);
  t.match((await ask({ type: 'image/png', payload: header })).json(), { status: 413, code: 'body_too_large', detail: /3600000000 pixels/ });
});
