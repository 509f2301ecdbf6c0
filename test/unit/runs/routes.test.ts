import t from 'tap';
import type { Run, RunPage } from '../../../src/schemas/run.js';
import type { Plan } from '../../../src/schemas/plan.js';
import { problemOf, startApi, type Api } from '../../helpers/api.js';

const SPEC = {
  name: 'a run', tags: ['one'],
  dataset: { name: 'mnist' },
  model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }] },
  optimizer: { type: 'sgd' },
  loss: 'categoricalCrossentropy',
  fit: { batchSize: 128, epochs: 2 },
};

const submit = async (api: Api, changes: object = {}) => (await api.post('/v1/runs', { ...SPEC, ...changes })).json<Run>();

t.test('a submission is stored, queued and told where to be found', async (t) => {
  const api = await startApi(t);
  const response = await api.post('/v1/runs', SPEC);
  t.equal(response.statusCode, 202);
  const run = response.json<Run>();
  t.equal(response.headers.location, `/v1/runs/${run.id}`);
  t.match(run, { name: 'a run', state: 'queued', attempt: 0, recipe: null, head: 1 });
  t.same(api.queue.waiting, [{ runId: run.id, attempt: 1 }], 'the job is the id of the run');
  t.same((await api.get(String(response.headers.location))).json(), run, 'the address answers the same run');
});

t.test('a recipe is submitted with changes', async (t) => {
  const api = await startApi(t);
  const response = await api.post('/v1/runs', { recipe: 'mnist-relu', fit: { epochs: 1 } });
  t.equal(response.statusCode, 202);
  t.match(response.json(), { recipe: 'mnist-relu', spec: { fit: { epochs: 1, batchSize: 128 } } });
});

t.test('an Idempotency-Key makes one run, however often it is sent', async (t) => {
  const api = await startApi(t);
  const first = await api.post('/v1/runs', SPEC, { 'idempotency-key': 'k1' });
  const second = await api.post('/v1/runs', SPEC, { 'idempotency-key': 'k1' });
  t.equal(second.statusCode, 202);
  t.equal(second.json<Run>().id, first.json<Run>().id);
  t.equal(second.headers.location, first.headers.location);
  t.equal(first.headers['idempotency-replayed'], undefined);
  t.equal(second.headers['idempotency-replayed'], 'true');
  t.equal(api.records.runs.size, 1, 'one run was made');

  const other = await api.post('/v1/runs', { ...SPEC, name: 'another' }, { 'idempotency-key': 'k1' });
  t.equal(problemOf(other).code, 'idempotency_mismatch', 'another body under the same key is refused');
  const bad = await api.post('/v1/runs', SPEC, { 'idempotency-key': 'has a space' });
  t.match(problemOf(bad), { code: 'bad_request', errors: [{ in: 'header', parameter: 'idempotency-key' }] });
});

t.test('two submissions with one key at once make one run', async (t) => {
  const api = await startApi(t);
  const answers = await Promise.all([1, 2, 3].map(() => api.post('/v1/runs', SPEC, { 'idempotency-key': 'k2' })));
  t.same(answers.map((answer) => answer.statusCode), [202, 202, 202]);
  t.equal(new Set(answers.map((answer) => answer.json<Run>().id)).size, 1);
  t.equal(api.records.runs.size, 1);
});

t.test('a malformed spec is refused with every fault in its place', async (t) => {
  const api = await startApi(t);
  const response = await api.post('/v1/runs', { ...SPEC, epochs: 3, fit: { batchSize: 0, epochs: 'two' } });
  t.equal(response.statusCode, 400);
  const problem = problemOf(response);
  t.match(problem, { code: 'invalid_spec', type: '/problems/invalid_spec', status: 400, instance: '/v1/runs', retryable: false });
  t.same(problem.errors?.map((error) => error.pointer).sort(), ['/epochs', '/fit/batchSize', '/fit/epochs']);
  t.equal(api.records.runs.size, 0, 'nothing is kept');
  t.same(api.queue.waiting, [], 'nothing is queued');
});

t.test('a spec that cannot be trained is refused as impossible', async (t) => {
  const api = await startApi(t);
  const response = await api.post('/v1/runs', { ...SPEC, dataset: { name: 'no-such-set' } });
  t.equal(response.statusCode, 422);
  t.match(problemOf(response), { code: 'impossible_spec', errors: [{ pointer: '/dataset/name' }] });
  t.equal(api.records.runs.size, 0);
});

t.test('values of a body are not coerced', async (t) => {
  const api = await startApi(t);
  const response = await api.post('/v1/runs', { ...SPEC, fit: { batchSize: '128', epochs: 2 } });
  t.match(problemOf(response), { code: 'invalid_spec', errors: [{ pointer: '/fit/batchSize' }] });
});

t.test('planning answers 200 for good and bad specs alike', async (t) => {
  const api = await startApi(t);
  const good = await api.post('/v1/runs:plan', SPEC);
  t.equal(good.statusCode, 200);
  t.match(good.json(), { valid: true, problems: [], parameterCount: 7850, totalSteps: 938 });

  const bad = await api.post('/v1/runs:plan', { ...SPEC, fit: { batchSize: 0, epochs: 0 } });
  t.equal(bad.statusCode, 200);
  t.same(bad.json<Plan>().problems.map((problem) => problem.pointer).sort(), ['/fit/batchSize', '/fit/epochs']);
  t.equal(api.records.runs.size, 0, 'planning keeps nothing');
});

t.test('a body of any JSON kind is answered, an absent one too', async (t) => {
  const api = await startApi(t);
  for (const body of [null, 5, 'text', [], true, {}]) t.equal(problemOf(await api.post('/v1/runs', body)).code, 'invalid_spec', JSON.stringify(body));
  t.equal(problemOf(await api.post('/v1/runs')).code, 'invalid_spec', 'no body');
});

t.test('lists page by an opaque cursor, without a gap or a double', async (t) => {
  const api = await startApi(t);
  const ids: string[] = [];
  for (let at = 0; at < 5; at += 1) ids.push((await submit(api)).id);
  for (const [order, expected] of [['newest', [...ids].reverse()], ['oldest', ids]] as const) {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: RunPage = (await api.get(`/v1/runs?order=${order}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)).json();
      seen.push(...page.items.map((run) => run.id));
      cursor = page.nextCursor;
    }
    t.same(seen, expected, order);
  }
});

t.test('lists are filtered', async (t) => {
  const api = await startApi(t);
  const one = await submit(api, { name: 'Alpha', tags: ['x'] });
  const two = await submit(api, { name: 'beta', tags: ['x', 'y'] });
  await api.post(`/v1/runs/${two.id}/cancel`);
  const recipe = (await api.post('/v1/runs', { recipe: 'mnist-softmax' })).json<Run>();
  const list = async (query: string) => (await api.get(`/v1/runs?order=oldest&${query}`)).json<RunPage>().items.map((run) => run.id);
  t.same(await list('state=cancelled'), [two.id]);
  t.same(await list('state=queued,cancelled'), [one.id, two.id, recipe.id]);
  t.same(await list('tag=x'), [one.id, two.id]);
  t.same(await list('tag=x&state=queued'), [one.id]);
  t.same(await list('name=ALPH'), [one.id]);
  t.same(await list('recipe=mnist-softmax'), [recipe.id]);
  t.same(await list('dataset=none'), []);
});

t.test('a query that is not understood is refused with the names of its parameters', async (t) => {
  const api = await startApi(t);
  const faults = async (query: string) => problemOf(await api.get(`/v1/runs?${query}`)).errors?.map((error) => error.parameter).sort();
  t.same(await faults('limit=0'), ['limit']);
  t.same(await faults('limit=many&order=random'), ['limit', 'order']);
  t.same(await faults('state=queued,dreaming'), ['state']);
  t.same(await faults('stat=queued'), ['stat'], 'a misspelt parameter is not ignored');
  t.equal(problemOf(await api.get('/v1/runs?cursor=bm9uc2Vuc2U')).code, 'invalid_cursor');
  t.equal(problemOf(await api.get('/v1/runs?name=a%00b')).code, 'bad_request', 'PostgreSQL has no NUL');
});

t.test('a run that is not there is not found, whatever the id', async (t) => {
  const api = await startApi(t);
  for (const id of ['01890000-0000-7000-8000-00000000dead', 'nonsense', 'urn:uuid:01890000-0000-7000-8000-00000000dead', '%2e%2e', 'x'.repeat(300)]) {
    t.equal(problemOf(await api.get(`/v1/runs/${id}`)).code, 'not_found', id.slice(0, 40));
  }
  for (const path of ['metrics', 'events', 'logs', 'model', 'artifacts', 'artifacts/model/model.json']) {
    t.equal(problemOf(await api.get(`/v1/runs/01890000-0000-7000-8000-00000000dead/${path}`)).code, 'not_found', path);
  }
});

t.test("another team's run is not found", async (t) => {
  const api = await startApi(t);
  const run = await submit(api);
  const record = api.records.runs.get(run.id);
  if (record) record.teamId = 'somebody-else';
  for (const path of ['', '/metrics', '/events', '/logs', '/model', '/artifacts', '/artifacts/a']) t.equal((await api.get(`/v1/runs/${run.id}${path}`)).statusCode, 404, path);
  t.equal((await api.post(`/v1/runs/${run.id}/cancel`)).statusCode, 404);
  t.equal((await api.ask({ method: 'DELETE', url: `/v1/runs/${run.id}` })).statusCode, 404);
});

t.test('a queued run is cancelled at once, and only once', async (t) => {
  const api = await startApi(t);
  const run = await submit(api);
  const response = await api.post(`/v1/runs/${run.id}/cancel`);
  t.equal(response.statusCode, 202);
  t.match(response.json(), { state: 'cancelled', reason: 'user_cancel' });
  t.equal(problemOf(await api.post(`/v1/runs/${run.id}/cancel`)).code, 'run_not_active');
});

t.test('a training run is asked to stop, as often as one likes', async (t) => {
  const api = await startApi(t);
  const run = await submit(api);
  await api.lifecycle.claim({ runId: run.id, attempt: 1 }, 'supervisor');
  t.match((await api.post(`/v1/runs/${run.id}/cancel`)).json(), { state: 'cancelling' });
  t.match((await api.post(`/v1/runs/${run.id}/cancel`)).json(), { state: 'cancelling' }, 'asking again does no harm');
  t.same(api.bus.commands, [{ type: 'cancel', runId: run.id }], 'its supervisor was told once');
});

t.test('a run is paused where it is, and goes back into the queue when it is resumed', async (t) => {
  const api = await startApi(t);
  const run = await submit(api);
  const ask = (what: string) => api.post(`/v1/runs/${run.id}/${what}`);
  t.equal(problemOf(await ask('resume')).code, 'run_not_resumable', 'not before it was paused');
  t.match((await ask('pause')).json(), { state: 'paused', reason: 'user_pause' }, 'a queued one at once');
  t.match((await ask('resume')).json(), { state: 'queued', reason: 'user_resume' });
  t.match(api.queue.waiting, [{ runId: run.id, attempt: 1 }], 'which the scheduler is told');
  await api.lifecycle.claim({ runId: run.id, attempt: 1 }, 'supervisor');
  t.match((await ask('pause')).json(), { state: 'pausing' }, 'a training one when it has stopped');
  t.match((await ask('pause')).json(), { state: 'pausing' }, 'asking again does no harm');
  t.same(api.bus.commands, [{ type: 'pause', runId: run.id }], 'its supervisor was told once');
  t.equal(problemOf(await ask('resume')).code, 'run_not_resumable', 'it is not resumed before it is paused');
  t.match((await ask('cancel')).json(), { state: 'cancelling' }, 'a cancel is stronger');
  t.equal(problemOf(await ask('pause')).code, 'run_not_pausable');
  t.equal(problemOf(await api.post('/v1/runs/01890000-0000-7000-8000-00000000ffff/pause')).code, 'not_found');
  const other = await submit(api);
  await api.post(`/v1/runs/${other.id}/pause`);
  t.match((await api.post(`/v1/runs/${other.id}/cancel`)).json(), { state: 'cancelled' }, 'a paused run is cancelled at once');
});

t.test('what has failed or was cancelled is resumed with all its retries', async (t) => {
  const api = await startApi(t);
  const run = await submit(api);
  const ask = (what: string) => api.post(`/v1/runs/${run.id}/${what}`);
  await api.lifecycle.claim({ runId: run.id, attempt: 1 }, 'supervisor');
  for (const attempt of [1, 2, 3]) {
    await api.lifecycle.fail({ ...run, attempt }, { state: 'failed', reason: 'trainer_lost', message: 'lost' });
    await api.lifecycle.claim({ runId: run.id, attempt: attempt + 1 }, 'supervisor');
  }
  t.match((await api.get(`/v1/runs/${run.id}`)).json(), { state: 'failed', retries: 2 });
  api.queue.waiting.length = 0;
  t.match((await ask('resume')).json(), { state: 'queued', reason: 'user_resume', retries: 0, endedAt: null });
  t.match(api.queue.waiting, [{ runId: run.id, attempt: 4 }], 'it is queued for its next attempt');
  t.equal(await api.lifecycle.handBack({ runId: run.id, attempt: 3 }, 'late'), null, 'what comes late from its last attempt changes nothing');
  await ask('cancel');
  t.match((await ask('resume')).json(), { state: 'queued' }, 'a cancel can be taken back');
  t.equal(problemOf(await ask('resume')).code, 'run_not_resumable', 'once');
});

t.test('a run that would lose what it has done is not resumed', async (t) => {
  const api = await startApi(t);
  const cancelled = async () => {
    const { id } = await submit(api);
    await api.lifecycle.claim({ runId: id, attempt: 1 }, 'supervisor');
    await api.post(`/v1/runs/${id}/cancel`);
    await api.lifecycle.end({ runId: id, attempt: 1 }, { state: 'cancelled', reason: 'user_cancel', message: null });
    return { id, record: api.records.runs.get(id)!, resume: () => api.post(`/v1/runs/${id}/resume`) };
  };
  const first = await cancelled();
  t.match((await first.resume()).json(), { state: 'queued', message: 'resumed on request, from the start: there is no training state' }, 'one that has no state yet begins, and says so');

  const second = await cancelled();
  second.record.checkpoints.set('c', { kind: 'resume', epoch: 0, step: 9, metrics: {}, path: 'c' });
  second.record.artifacts.set('c', { path: 'c', sha256: 'a'.repeat(64), bytes: 1, contentType: '', createdAt: new Date() });
  api.records.append(second.record, [{ kind: 'checkpoint', at: new Date().toISOString(), data: { attempt: 1, kind: 'resume', epoch: 0, step: 9, metrics: {} } }]);
  t.equal((await api.ask({ method: 'DELETE', url: `/v1/runs/${second.id}/artifacts/c` })).statusCode, 204);
  t.match(problemOf(await second.resume()), { code: 'run_not_resumable', detail: /training states .* were deleted/ }, 'one whose states are gone is not begun anew behind its back');

  const third = await cancelled();
  third.record.run.forkedFrom = { runId: first.id, step: 9 };
  t.match(problemOf(await third.resume()), { code: 'run_not_resumable', detail: /weights .* were deleted/ }, 'nor a fork without the weights that it starts with');
});

t.test('an extension that is sent again with its key is made once', async (t) => {
  const api = await startApi(t);
  const run = await submit(api);
  const fence = { runId: run.id, attempt: 1 };
  await api.lifecycle.claim(fence, 'supervisor');
  await api.lifecycle.advance(fence, 'running');
  await api.lifecycle.advance(fence, 'finalizing');
  await api.lifecycle.end(fence, { state: 'succeeded', reason: null, message: null });
  api.records.runs.get(run.id)?.checkpoints.set('c', { kind: 'resume', epoch: 2, step: 938, metrics: {}, path: 'c' });
  api.records.runs.get(run.id)?.artifacts.set('c', { path: 'c', sha256: 'a'.repeat(64), bytes: 1, contentType: '', createdAt: new Date() });
  const extend = (epochs: number, key: string) => api.post(`/v1/runs/${run.id}/extend`, { epochs }, { 'idempotency-key': key });
  const made = await extend(3, 'one');
  t.match(made, { statusCode: 202, headers: { 'idempotency-replayed': undefined } });
  const again = await extend(3, 'one');
  t.match(again, { statusCode: 202, headers: { 'idempotency-replayed': 'true' } });
  t.match(again.json(), { state: 'queued', spec: { fit: { epochs: 5 } } });
  t.equal(problemOf(await extend(4, 'one')).code, 'idempotency_mismatch');
  t.equal(problemOf(await extend(3, 'two')).code, 'run_not_extendable', 'another request is another');
});

t.test('a run is renamed and tagged', async (t) => {
  const api = await startApi(t);
  const run = await submit(api);
  const patch = (payload: object, id = run.id) => api.ask({ method: 'PATCH', url: `/v1/runs/${id}`, payload });
  t.match((await patch({ tags: ['keep', 'best'] })).json(), { name: run.name, tags: ['keep', 'best'] });
  t.match((await patch({ name: 'mine' })).json(), { name: 'mine', tags: ['keep', 'best'] });
  t.match((await patch({ tags: null })).json(), { tags: [] });
  t.match((await patch({})).json(), { name: 'mine', tags: [] });
  t.match((await patch({ priority: 7 })).json(), { priority: 7, spec: { name: 'a run' } });
  t.match(api.bus.commands, [{ type: 'arrived', runId: run.id }], 'the scheduler hears of it');
  for (const body of [{ name: '' }, { name: null }, { tags: 'keep' }, { tags: ['a', 'a'] }, { priority: 101 }, { seed: 1 }]) t.equal(problemOf(await patch(body)).code, 'bad_request', JSON.stringify(body));
  t.equal(problemOf(await patch({ name: 'x' }, '01890000-0000-7000-8000-00000000ffff')).code, 'not_found');
});

t.test('a run that has succeeded is trained for more epochs, from its last state', async (t) => {
  const api = await startApi(t);
  const run = await submit(api);
  const extend = (body: object) => api.post(`/v1/runs/${run.id}/extend`, body);
  t.match(problemOf(await extend({ epochs: 3 })), { code: 'run_not_extendable', detail: /is queued/ });
  const fence = { runId: run.id, attempt: 1 };
  await api.lifecycle.claim(fence, 'supervisor');
  await api.lifecycle.advance(fence, 'running');
  await api.lifecycle.advance(fence, 'finalizing');
  await api.lifecycle.end(fence, { state: 'succeeded', reason: null, message: null });
  t.match(problemOf(await extend({ epochs: 3 })), { code: 'run_not_extendable', detail: /states .* were deleted/ }, 'not where there is no state');
  api.records.runs.get(run.id)?.checkpoints.set('c', { kind: 'resume', epoch: 2, step: 938, metrics: {}, path: 'c' });
  api.records.runs.get(run.id)?.artifacts.set('c', { path: 'c', sha256: 'a'.repeat(64), bytes: 1, contentType: '', createdAt: new Date() });
  for (const body of [{}, { epochs: 0 }, { epochs: 1.5 }, { epochs: 1, more: 1 }]) t.equal(problemOf(await extend(body)).code, 'bad_request', JSON.stringify(body));
  t.match(problemOf(await extend({ epochs: 99_999 })), { code: 'impossible_spec', errors: [{ pointer: '/epochs', detail: /100000|100,000/ }] });
  const longer = await extend({ epochs: 3 });
  t.equal(longer.statusCode, 202);
  t.match(longer.json(), {
    state: 'queued', reason: 'user_extend', message: '3 more epochs on request', extendedAfter: 2, endedAt: null, spec: { fit: { epochs: 5 } }, progress: { epochs: 5, totalSteps: 5 * 469 },
  });
  t.match(api.queue.waiting.at(-1), { runId: run.id, attempt: 2 });
  t.match((await api.get(`/v1/runs/${run.id}`)).json(), longer.json(), 'it is stored so');
});

t.test('a run is forked from the training state of another', async (t) => {
  const api = await startApi(t);
  const { id } = await submit(api);
  const record = api.records.runs.get(id)!;
  const fork = (changes: object, step?: number) => api.post('/v1/runs', { fork: { runId: id, ...(step === undefined ? {} : { step }) }, ...changes });
  t.match(problemOf(await fork({})), { code: 'impossible_spec', errors: [{ pointer: '/fork/runId', detail: /no training state/ }] });
  for (const step of [100, 200]) {
    record.checkpoints.set(`s${step}`, { kind: 'resume', epoch: 0, step, metrics: {}, path: `s${step}` });
    record.artifacts.set(`s${step}`, { path: `s${step}`, sha256: String(step).padEnd(64, '0'), bytes: 1, contentType: '', createdAt: new Date() });
  }
  const latest = (await fork({ optimizer: { learningRate: 0.5 } })).json<Run>();
  t.match(latest, { forkedFrom: { runId: id, step: 200 }, recipe: null, spec: { optimizer: { type: 'sgd', learningRate: 0.5 } }, state: 'queued', attempt: 0 });
  t.match((await api.get(`/v1/runs/${latest.id}/artifacts`)).json(), { items: [{ path: 'start/state.safetensors', sha256: /^2000/ }] }, 'the file is its own too');
  t.match((await fork({}, 100)).json(), { forkedFrom: { step: 100 } }, 'from the state that is asked for');
  t.match(problemOf(await fork({}, 150)), { code: 'impossible_spec', errors: [{ pointer: '/fork/step', detail: /has 100, 200$/ }] });
  const other = { model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 5 }, { type: 'dense', units: 10, activation: 'softmax' }] } };
  t.match(problemOf(await fork(other)), { code: 'impossible_spec', errors: [{ pointer: '/model', detail: /there dense\/kernel \[784, 10\], here dense\/kernel \[784, 5\]$/ }] });
  t.match((await api.post('/v1/runs:plan', { fork: { runId: id }, ...other })).json(), { valid: false, problems: [{ pointer: '/model' }] }, 'a plan says the same');
  record.teamId = 'somebody-else';
  t.match(problemOf(await fork({})), { code: 'invalid_spec', errors: [{ pointer: '/fork/runId', detail: /no run/ }] }, "another team's run starts nothing");
});

t.test('only a run that has ended can be deleted', async (t) => {
  const api = await startApi(t);
  const run = await submit(api);
  const remove = () => api.ask({ method: 'DELETE', url: `/v1/runs/${run.id}` });
  t.equal(problemOf(await remove()).code, 'run_not_ended');
  await api.post(`/v1/runs/${run.id}/cancel`);
  const gone = await remove();
  t.equal(gone.statusCode, 204);
  t.equal(gone.body, '');
  t.equal((await api.get(`/v1/runs/${run.id}`)).statusCode, 404);
});

t.test('the model summary is JSON, or a table for those who ask for text', async (t) => {
  const api = await startApi(t);
  const run = await submit(api);
  t.match((await api.get(`/v1/runs/${run.id}/model`)).json(), { name: 'a run', parameterCount: 7850, layers: [{ outputShape: [28, 28, 1] }, { outputShape: [784] }, { outputShape: [10] }] });
  const table = await api.get(`/v1/runs/${run.id}/model`, { accept: 'text/plain' });
  t.match(table.headers['content-type'], /^text\/plain/);
  t.match(table.body, /^Model: "a run"\n_+\nLayer \(type\) +Output shape +Param #\n=+\n.*input.*\[null, 28, 28, 1\] +0\n.*flatten.*\[null, 784\] +0\n.*dense.*\[null, 10\] +7,850\n=+\nTotal params: 7,850\n/);
  t.equal(problemOf(await api.get(`/v1/runs/${run.id}/model`, { accept: 'image/png' })).code, 'not_acceptable');
});

t.test('while the queue is away nothing is kept, and the client may try again', async (t) => {
  const api = await startApi(t);
  api.queue.down = true;
  const response = await api.post('/v1/runs', SPEC);
  t.match(problemOf(response), { code: 'queue_unavailable', status: 503, retryable: true });
  t.equal(response.headers['retry-after'], '5');
  t.equal(api.records.runs.size, 0);
});
