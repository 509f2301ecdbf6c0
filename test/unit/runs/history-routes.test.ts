import t from 'tap';
import type { Evaluations } from '../../../src/schemas/evaluation.js';
import type { EventPage } from '../../../src/schemas/event.js';
import type { MetricSeriesList, RunCurvesList } from '../../../src/schemas/metric.js';
import { databaseAway } from '../../fakes/records.js';
import { problemOf, startApi } from '../../helpers/api.js';
import { epochEvent, evaluationEvent, logEvent, lossEvents, runningRun, warningEvent } from '../../helpers/trained-run.js';

t.test('the log is JSON, or lines for those who ask for text', async (t) => {
  const api = await startApi(t);
  const run = await runningRun(api, [logEvent(1, 'first'), lossEvents([1]), warningEvent(2, 'careful\nnow'), logEvent(3, 'broken', 'error')]);
  const json = (await api.get(`/v1/runs/${run.id}/logs`)).json<EventPage>();
  t.same(json.items.map((event) => event.kind), ['log', 'warning', 'log']);
  const text = await api.get(`/v1/runs/${run.id}/logs`, { accept: 'text/plain' });
  t.match(text.headers, { 'content-type': /^text\/plain/, vary: /accept/ });
  t.equal(text.body, '2026-01-01T00:00:01.000Z  INFO  first\n2026-01-01T00:00:02.000Z  WARN  careful\n    now\n2026-01-01T00:00:03.000Z  ERROR broken\n');
});

t.test('a long log is streamed whole as text, and cut where the client says', async (t) => {
  const api = await startApi(t);
  const run = await runningRun(api, Array.from({ length: 2500 }, (_, index) => logEvent(0, `line ${index}`)));
  const lines = async (query: string) => (await api.get(`/v1/runs/${run.id}/logs?${query}`, { accept: 'text/plain' })).body.split('\n').slice(0, -1);
  const all = await lines('');
  t.equal(all.length, 2500, 'over several pages');
  t.match(all[2499], /line 2499$/);
  t.equal((await lines('limit=1001')).length, 1001);
  t.match((await lines('after=2502&limit=10'))[0], /line 2499$/, 'from a position');
});

t.test('a text log that cannot be read is a problem, not a broken answer', async (t) => {
  const api = await startApi(t);
  const run = await runningRun(api);
  const { read } = api.services.events;
  api.services.events.read = () => Promise.reject(databaseAway());
  t.equal(problemOf(await api.get(`/v1/runs/${run.id}/logs`, { accept: 'text/plain' })).code, 'database_unavailable');
  api.services.events.read = read;
});

t.test('curves are listed without their points', async (t) => {
  const api = await startApi(t);
  const run = await runningRun(api, [lossEvents([3, 2, 1]), epochEvent(1, { loss: 1, val_loss: 'NaN' })]);
  t.same((await api.get(`/v1/runs/${run.id}/metrics`)).json(), {
    series: [
      { key: 'batch/loss', count: 3, last: 1 },
      { key: 'epoch/loss', count: 1, last: 1 },
      { key: 'epoch/val_loss', count: 1, last: 'NaN' },
    ],
  });
});

t.test('the same curves of several runs are read together', async (t) => {
  const api = await startApi(t);
  const [first, second] = [await runningRun(api, [lossEvents([3, 2, 1])]), await runningRun(api, [lossEvents([NaN]), epochEvent(1, { loss: 5 })])];
  const none = '00000000-0000-7000-8000-000000000000';
  const read = (query: string) => api.get(`/v1/metrics?${query}`);
  const about = { count: 1, last: 'NaN' };
  t.same((await read(`runId=${second.id}&runId=${none}&runId=${first.id}&runId=${second.id}&key=batch/loss&key=epoch/loss&maxPoints=2`)).json<RunCurvesList>().items, [
    { runId: second.id, series: [{ key: 'batch/loss', ...about, points: { steps: [1], values: ['NaN'] } }, { key: 'epoch/loss', count: 1, last: 5, points: { steps: [1], values: [5] } }] },
    { runId: first.id, series: [{ key: 'batch/loss', count: 3, last: 1, buckets: { from: [1, 2], to: [1, 3], count: [1, 2], first: [3, 2], last: [3, 1], min: [3, 1], max: [3, 2], mean: [3, 1.5], nan: [0, 0] } }, { key: 'epoch/loss', count: 0, last: null, points: { steps: [], values: [] } }] },
  ], 'in the order asked, each once, without one that is not there');
  t.match((await read(`runId=${first.id}&key=batch/loss&fromStep=2&toStep=2`)).json(), { items: [{ series: [{ points: { steps: [2] } }] }] }, 'a part of them');
  t.match((await read(`runId=${first.id}&runId=${second.id}&${Array.from({ length: 6 }, (_, at) => `key=batch/${at}`).join('&')}&maxPoints=9000`)).json(), { code: 'bad_request', errors: [{ in: 'query', parameter: 'maxPoints', detail: 'must be at most 8333 for 6 curves of 2 runs' }] });
  t.match(problemOf(await read('key=batch/loss')), { code: 'bad_request' }, 'of no run');
  t.match(problemOf(await read(`runId=${first.id}`)), { code: 'bad_request' }, 'no curve');
});

t.test('curves are read by their keys, in the order asked', async (t) => {
  const api = await startApi(t);
  const run = await runningRun(api, [lossEvents([3, NaN, Infinity, 1]), epochEvent(1, { loss: 1 })]);
  const read = async (query: string) => (await api.get(`/v1/runs/${run.id}/metrics?${query}`)).json<MetricSeriesList>().series;
  t.same(await read('key=epoch/loss&key=batch%2Floss'), [
    { key: 'epoch/loss', count: 1, last: 1, points: { steps: [1], values: [1] } },
    { key: 'batch/loss', count: 4, last: 1, points: { steps: [1, 2, 3, 4], values: [3, 'NaN', 'Infinity', 1] } },
  ]);
  t.same(await read('key=batch/nothing'), [{ key: 'batch/nothing', count: 0, last: null, points: { steps: [], values: [] } }], 'not measured yet');
  t.match(await read('key=batch/loss&maxPoints=2'), [{ count: 4, points: undefined, buckets: { from: [1, 3], to: [2, 4], max: [3, 'Infinity'], nan: [1, 0] } }]);
  t.match(await read('key=batch/loss&fromStep=2&toStep=3'), [{ count: 4, points: { steps: [2, 3] } }], 'a part of it');
  t.match(problemOf(await api.get(`/v1/runs/${run.id}/metrics?key=`)), { code: 'bad_request', errors: [{ parameter: 'key' }] });
  t.match(problemOf(await api.get(`/v1/runs/${run.id}/metrics?key=a&maxPoints=0`)), { code: 'bad_request', errors: [{ parameter: 'maxPoints' }] });
});

t.test('the evaluation of an epoch is read with its precision and recall', async (t) => {
  const api = await startApi(t);
  const run = await runningRun(api, [epochEvent(1, { loss: 2 }), evaluationEvent(1, 4), epochEvent(2, { loss: 1 }), evaluationEvent(2, 6)]);
  const read = async (query = '') => (await api.get(`/v1/runs/${run.id}/evaluations${query}`)).json<Evaluations>();
  const { attempt, epoch, step, ...shown } = evaluationEvent(2, 6).data;
  const cell = (label: string) => ({ label, trueCount: 8, predictedCount: 8, correctCount: 6, precision: 0.75, recall: 0.75, f1: 0.75 });
  t.same(await read(), { epochs: [1, 2], keptEpoch: null, evaluation: { attempt, epoch, step, ...shown, unpredictedCount: 0, classes: [cell('cat'), cell('dog')] } }, 'the last one');
  t.match(await read('?epoch=1'), { epochs: [1, 2], evaluation: { epoch: 1, confusionMatrix: [[4, 4], [4, 4]], classes: [{ precision: 0.5 }, { recall: 0.5 }] } }, 'or another');
  t.match(problemOf(await api.get(`/v1/runs/${run.id}/evaluations?epoch=3`)), { code: 'not_found', errors: [{ in: 'query', parameter: 'epoch' }] }, 'which must be there');
  for (const wrong of ['0', 'x', '1.5']) t.equal(problemOf(await api.get(`/v1/runs/${run.id}/evaluations?epoch=${wrong}`)).code, 'bad_request', wrong);
  const none = await runningRun(api);
  t.same((await api.get(`/v1/runs/${none.id}/evaluations`)).json(), { epochs: [], keptEpoch: null, evaluation: null }, 'a run may have none');
});

t.test('the epoch is named whose weights are kept', async (t) => {
  const api = await startApi(t);
  const { id } = await runningRun(api, [evaluationEvent(1, 4), evaluationEvent(2, 6)]);
  await api.services.artifacts.addCheckpoint({ runId: id, attempt: 1 }, { kind: 'final', epoch: 1, step: 20, metrics: {}, path: 'model', files: [] });
  t.match((await api.get(`/v1/runs/${id}/evaluations`)).json(), { keptEpoch: 1, evaluation: { epoch: 2 } });
});

t.test('a run that is deleted while its evaluations are read is not there', async (t) => {
  const api = await startApi(t);
  const { evaluations, read } = api.services.events;
  const url = async () => `/v1/runs/${(await runningRun(api, [evaluationEvent(1, 4)])).id}/evaluations`;
  const gone = async (address: string) => t.equal(problemOf(await api.get(address)).code, 'not_found');
  api.services.events.evaluations = (id) => {
    api.records.runs.delete(id);
    return evaluations(id);
  };
  await gone(await url());
  api.services.events.evaluations = evaluations;
  const address = await url();
  api.services.events.read = (id, query) => {
    api.records.runs.delete(id);
    return read(id, query);
  };
  await gone(address);
});
