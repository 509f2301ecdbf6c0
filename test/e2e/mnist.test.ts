// The main job through the front door: MNIST submitted over HTTP, trained by a worker process, watched over a
// WebSocket to the last batch, its model downloaded, loaded by plain TF.js, and asked about unseen digits.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { PNG } from 'pngjs';
import t from 'tap';
import { loadMnist } from '../../src/datasets/mnist.js';
import type { Evaluations } from '../../src/schemas/evaluation.js';
import type { EventOf } from '../../src/schemas/event.js';
import type { Run } from '../../src/schemas/run.js';
import type { Usage } from '../../src/schemas/usage.js';
import { call, connectLive, ended } from '../helpers/client.js';
import { until } from '../helpers/poll.js';
import { startService } from '../helpers/service.js';
import { WITH_KEY } from '../helpers/key.js';

const PIXELS = 28 * 28;
const service = await startService(t);
const { address } = service;
const { test } = await loadMnist();
const digit = (index: number) => Array.from(test.x.subarray(index * PIXELS, (index + 1) * PIXELS));
/** `[28][28][1]`, as the model's input shape says. */
const nested = (pixels: readonly number[]) => Array.from({ length: 28 }, (_, row) => pixels.slice(row * 28, row * 28 + 28).map((value) => [value]));

async function submit(body: unknown): Promise<Run> {
  const answer = await call<Run>(address, '/v1/runs', { json: body });
  t.equal(answer.status, 202, 'the run is accepted');
  t.equal(answer.headers.get('location'), `/v1/runs/${answer.body.id}`);
  return answer.body;
}

t.test('one softmax layer on all 60,000 digits reaches 91%, with every batch seen live', async (t) => {
  const live = await connectLive(t, address);
  const { id } = await submit({ recipe: 'mnist-softmax', fit: { epochs: 4 } });
  live.send({ type: 'subscribe', runId: id, after: 0 });
  const run = await ended(address, id);
  t.equal(run.state, 'succeeded', run.message ?? 'without a message');
  await until(() => live.events(id).some((event) => event.kind === 'state' && event.data.state === 'succeeded'), { what: 'the last event to arrive' });

  const events = live.events(id);
  t.same(events.map((event) => event.seq), Array.from({ length: run.head }, (_, index) => index + 1), 'events are numbered without a gap');
  const batches = events.filter((event): event is EventOf<'metrics'> => event.kind === 'metrics').flatMap((event) => event.data.steps);
  t.same(batches, Array.from({ length: run.progress.totalSteps }, (_, index) => index + 1), 'every batch was seen once, in order');
  const epochs = events.filter((event): event is EventOf<'epoch'> => event.kind === 'epoch');
  t.same(epochs.map((event) => event.data.epoch), Array.from({ length: run.progress.epochs }, (_, index) => index + 1), 'and every epoch');
  t.ok(Number(run.metrics.val_accuracy) >= 0.91, `test accuracy is ${run.metrics.val_accuracy}`);

  const { body: page } = await call<{ items: unknown[] }>(address, `/v1/runs/${id}/events?limit=1000`);
  t.same(page.items, events.map(({ seq, kind, at, data }) => ({ seq, kind, at, data })), 'REST tells the same story');

  await t.test('each epoch tells what it took for what, and shows it', async (t) => {
    const told = events.filter((event): event is EventOf<'evaluation'> => event.kind === 'evaluation');
    t.same(told.map((event) => event.data.epoch), epochs.map((event) => event.data.epoch), 'one for each epoch');
    const { body: { evaluation } } = await call<Evaluations>(address, `/v1/runs/${id}/evaluations?epoch=${run.progress.epochs}`);
    if (evaluation === null) throw new Error('there is no evaluation');
    const { classes, unpredictedCount, ...shown } = evaluation;
    t.same(shown, told.at(-1)?.data, 'the last is read as it was told');
    t.equal(unpredictedCount, 0, 'every example has a prediction');
    const count = (of: 'trueCount' | 'correctCount') => classes.reduce((sum, one) => sum + one[of], 0);
    t.equal(count('trueCount'), 10_000, 'all test digits are in it');
    t.ok(Math.abs(count('correctCount') / 10_000 - Number(run.metrics.val_accuracy)) < 1e-6, 'and as many are right as the accuracy says');
    const indices = evaluation.samples.slice(0, 12).map(({ index }) => index);
    t.same(evaluation.samples.slice(0, 12).map(({ trueClass }) => trueClass), indices.map((index) => test.y[index]), 'samples are what the data set says');
    const response = await fetch(`${address}/v1/datasets/mnist/images?split=${evaluation.split}&indices=${indices.join()}`, { headers: WITH_KEY });
    const { width, data } = PNG.sync.read(Buffer.from(await response.arrayBuffer()));
    const pixels = Array.from({ length: PIXELS }, (_, at) => data[((28 + Math.floor(at / 28)) * width + 28 + (at % 28)) * 4]);
    t.same(pixels, digit(indices[11] ?? NaN), 'and look so: the last is the second of the second row');
  });

  await t.test('the stored model, in plain TF.js, says what the service says', async (t) => {
    const modelJson = await call<tf.io.ModelJSON>(address, `/v1/runs/${id}/artifacts/model/model.json`);
    const weights = await fetch(`${address}/v1/runs/${id}/artifacts/model/weights.bin`, { headers: WITH_KEY });
    await tf.setBackend('cpu');
    const model = await tfl.loadLayersModel(
      tf.io.fromMemory({
        modelTopology: modelJson.body.modelTopology,
        weightSpecs: modelJson.body.weightsManifest.flatMap((group) => group.weights),
        weightData: await weights.arrayBuffer(),
      }),
    );
    const digits = Array.from({ length: 20 }, (_, index) => digit(index));
    const plain = tf.tidy(() => (model.predict(tf.mul(tf.tensor(digits.flat(), [20, 28, 28, 1]), 1 / 255)) as tf.Tensor).arraySync()) as number[][];
    const { body, status } = await call<{ predictions: { label: string; probabilities: number[] }[] }>(address, `/v1/runs/${id}/predict`, { json: { instances: digits.map(nested) } });
    t.equal(status, 200);
    let right = 0;
    for (const [index, prediction] of body.predictions.entries()) {
      const difference = Math.max(...prediction.probabilities.map((value, label) => Math.abs(value - (plain[index]?.[label] ?? NaN))));
      t.ok(difference < 1e-4, `digit ${index} differs by ${difference}`);
      if (prediction.label === String(test.y[index])) right += 1;
    }
    t.ok(right >= 17, `${right} of the first 20 unseen digits are right`);
  });

  await t.test('a download resumes and is not repeated', async (t) => {
    const path = `/v1/runs/${id}/artifacts/model/weights.bin`;
    const whole = new Uint8Array(await (await fetch(`${address}${path}`, { headers: WITH_KEY })).arrayBuffer());
    const part = await fetch(`${address}${path}`, { headers: { ...WITH_KEY, range: 'bytes=100-199' } });
    t.equal(part.status, 206);
    t.same(new Uint8Array(await part.arrayBuffer()), whole.slice(100, 200));
    const etag = part.headers.get('etag') ?? '';
    t.equal((await fetch(`${address}${path}`, { headers: { ...WITH_KEY, 'if-none-match': etag } })).status, 304);
  });

  await t.test('the service says what is using the disk, and a deletion frees it', async (t) => {
    const { items } = (await call<{ items: { bytes: number }[] }>(address, `/v1/runs/${id}/artifacts`)).body;
    const stored = items.reduce((sum, { bytes }) => sum + bytes, 0);
    const { body: usage } = await call<Usage>(address, '/v1/usage');
    const { models, trainingStates, orphans, incoming, database } = usage.files;
    t.equal(models.bytes + trainingStates.bytes, stored, 'the files of the run are all that is stored');
    t.match({ orphans, incoming }, { orphans: { files: 0 }, incoming: { files: 0 } });
    t.match(usage.runs, [{ id, ownBytes: stored, sharedBytes: 0 }]);
    t.ok(database.bytes > usage.database.totalBytes, 'the embedded database is among the files');
    t.equal((await call(address, `/v1/runs/${id}`, { method: 'DELETE' })).status, 204);
    const names = readdirSync(join(service.dataDir, 'artifacts'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => entry.name);
    t.strictSame(names, ['owner'], 'no file is left');
    await until(async () => (await call<Usage>(address, '/v1/usage')).body.files.models.files === 0, { what: 'the service to have looked again', everyMs: 200, deadlineMs: 60_000 });
  });
});

t.test('relu and Adam reach 97%, sigmoids with plain gradient descent stay far below', async (t) => {
  const relu = await submit({ recipe: 'mnist-relu', fit: { epochs: 3 } });
  const sigmoid = await submit({ recipe: 'mnist-sigmoid-sgd', dataset: { take: 20_000 }, fit: { epochs: 1 } });
  const good = await ended(address, relu.id);
  t.equal(good.state, 'succeeded', good.message ?? 'without a message');
  t.ok(Number(good.metrics.val_accuracy) >= 0.97, `relu: test accuracy is ${good.metrics.val_accuracy}`);
  const bad = await ended(address, sigmoid.id);
  t.equal(bad.state, 'succeeded', bad.message ?? 'without a message');
  t.ok(Number(bad.metrics.val_accuracy) < 0.6, `sigmoid: test accuracy is ${bad.metrics.val_accuracy}`);
});

t.test('convolutions, batch normalization and dropout train in a run', async (t) => {
  const { id } = await submit({ recipe: 'mnist-cnn-bn-dropout', dataset: { take: 2_560 }, fit: { batchSize: 64, epochs: 1 } });
  const run = await ended(address, id);
  t.equal(run.state, 'succeeded', run.message ?? 'without a message');
  t.ok(Number(run.metrics.loss) < 2, `its loss is ${run.metrics.loss}`);
});

t.test('a learning rate that is far too high ends as non_finite_loss, with the step', async (t) => {
  const { id } = await submit({
    dataset: { name: 'mnist', take: 1_000, preprocessing: [] },
    model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 64 }, { type: 'dense', units: 10 }] },
    optimizer: { type: 'sgd', learningRate: 1_000 },
    loss: 'meanSquaredError',
    fit: { batchSize: 100, epochs: 3 },
  });
  const run = await ended(address, id);
  t.match(run, { state: 'failed', reason: 'non_finite_loss', message: /step \d+/ });
  const model = await call(address, `/v1/runs/${id}/predict`, { json: { instances: [nested(digit(0))] } });
  t.match(model, { status: 409, body: { code: 'model_not_ready' } });
});
