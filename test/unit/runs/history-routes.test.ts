import t from 'tap';
import type { EventPage } from '../../../src/schemas/event.js';
import type { MetricSeriesList } from '../../../src/schemas/metric.js';
import { databaseAway } from '../../fakes/records.js';
import { problemOf, startApi } from '../../helpers/api.js';
import { epochEvent, logEvent, lossEvents, runningRun, warningEvent } from '../../helpers/trained-run.js';

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
