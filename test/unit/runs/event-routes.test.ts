import t from 'tap';
import type { EventPage } from '../../../src/schemas/event.js';
import type { Run } from '../../../src/schemas/run.js';
import { databaseAway } from '../../fakes/records.js';
import { problemOf, startApi, type Api } from '../../helpers/api.js';
import { EventStreamParser } from '../../helpers/event-stream.js';
import { epochEvent, logEvent, lossEvents, runningRun, warningEvent } from '../../helpers/trained-run.js';

const STREAM = { accept: 'text/event-stream' };

/** A stream of it ends, so that its whole answer can be looked at. */
async function endedRun(api: Api): Promise<Run> {
  const { id } = await runningRun(api, [logEvent(1, 'a'), lossEvents([2, NaN]), epochEvent(1, { loss: 2 }), warningEvent(2, 'careful')]);
  const changed = await api.runRepository.change(id, { to: 'failed', attempt: 1, reason: 'internal', message: 'broken' });
  if (changed === null) throw new Error('the run did not end');
  return changed.run;
}

t.test('the event log is read from any position, in order and without a gap', async (t) => {
  const api = await startApi(t);
  const run = await runningRun(api, Array.from({ length: 20 }, (_, index) => logEvent(index, `line ${index}`)));
  const read = async (query: string) => (await api.get(`/v1/runs/${run.id}/events?${query}`)).json<EventPage>();
  const seen: number[] = [];
  for (let page = await read('limit=7'); ; page = await read(`limit=7&after=${seen.at(-1)}`)) {
    seen.push(...page.items.map((event) => event.seq));
    t.equal(page.head, 23);
    if (!page.hasMore) break;
  }
  t.same(seen, Array.from({ length: 23 }, (_, index) => index + 1));
  t.same((await read('after=23')).items, [], 'nothing after the head');
});

t.test('events are filtered by kind', async (t) => {
  const api = await startApi(t);
  const run = await runningRun(api, [logEvent(1, 'a'), lossEvents([1, 2]), epochEvent(1, { loss: 2 })]);
  const kinds = async (kind: string) => (await api.get(`/v1/runs/${run.id}/events?kind=${kind}`)).json<EventPage>().items.map((event) => event.kind);
  t.same(await kinds('state'), ['state', 'state', 'state']);
  t.same(await kinds('epoch,metrics'), ['metrics', 'epoch'], 'in the order of the log');
  t.match(problemOf(await api.get(`/v1/runs/${run.id}/events?kind=gossip`)), { code: 'bad_request', errors: [{ in: 'query', parameter: 'kind' }] });
  t.match(problemOf(await api.get(`/v1/runs/${run.id}/events?after=99999999999`)), { code: 'bad_request', errors: [{ parameter: 'after' }] }, 'a number that no log reaches');
  t.match(problemOf(await api.get(`/v1/runs/${run.id}/events?after=-1&limit=0`)), { code: 'bad_request' });
});

t.test('a stream tells what the pages tell', async (t) => {
  const api = await startApi(t);
  const run = await endedRun(api);
  const page = await api.get(`/v1/runs/${run.id}/events`);
  t.match(page.headers, { 'content-type': /^application\/json/, vary: 'accept' }, 'who says nothing gets a page');
  const { items } = page.json<EventPage>();
  const read = async (query = '', headers = {}) => {
    const response = await api.get(`/v1/runs/${run.id}/events${query}`, { ...STREAM, ...headers });
    const parser = new EventStreamParser();
    parser.push(response.body);
    return { response, parser };
  };
  const { response, parser } = await read();
  t.match(response.headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no', vary: 'accept', 'x-request-id': String, 'x-content-type-options': 'nosniff' });
  t.same(parser.events, items);
  t.ok(parser.messages.every(({ type, lastEventId, data }) => type === 'end' || Number(lastEventId) === (JSON.parse(data) as { seq: number }).seq), 'with their numbers as ids');
  t.match(parser.messages.at(-1), { type: 'end', lastEventId: String(run.head) });
  t.ok(Number(parser.retryMs) > 0, 'it says when to connect again');

  t.same((await read('?after=3')).parser.seqs, [4, 5, 6, 7, 8], 'from a position');
  t.same((await read('?after=3', { 'last-event-id': '5' })).parser.seqs, [6, 7, 8], 'a connection that was lost goes on where it was');
  t.same((await read('?kind=epoch,warning')).parser.seqs, [6, 7], 'of some kinds');
});

t.test('who has all of an ended run is told to stop', async (t) => {
  const api = await startApi(t);
  const run = await endedRun(api);
  for (const [query, headers] of [[`?after=${run.head}`, {}], ['', { 'last-event-id': String(run.head) }], ['?kind=epoch', { 'last-event-id': String(run.head) }]] as const) {
    t.equal((await api.get(`/v1/runs/${run.id}/events${query}`, { ...STREAM, ...headers })).statusCode, 204, `${query} ${JSON.stringify(headers)}`);
  }
  t.equal((await api.get(`/v1/runs/${run.id}/events?after=${run.head}`)).statusCode, 200, 'a page is a page');
});

t.test('HEAD of a stream is its head', async (t) => {
  const api = await startApi(t);
  const { id } = await runningRun(api);
  const response = await api.ask({ method: 'HEAD', url: `/v1/runs/${id}/events`, headers: STREAM });
  t.match({ ...response.headers, status: response.statusCode }, { status: 200, 'content-type': 'text/event-stream', vary: 'accept', 'content-length': undefined });
  t.equal(response.body, '');
  t.same(api.services.hub.counts(), { connections: 0, subscriptions: 0, runs: 0 }, 'nobody watches');
});

t.test('streams that cannot begin', async (t) => {
  const api = await startApi(t);
  const { id, head } = await runningRun(api);
  const refusal = async (query: string, headers: Record<string, string> = {}) => problemOf(await api.get(`/v1/runs/${id}/events${query}`, { ...STREAM, ...headers }));
  t.match(await refusal('?limit=5'), { code: 'bad_request', errors: [{ in: 'query', parameter: 'limit' }] });
  t.match(await refusal('?after=x'), { code: 'bad_request', errors: [{ in: 'query', parameter: 'after' }] });
  t.match(await refusal('?kind=gossip'), { code: 'bad_request', errors: [{ in: 'query', parameter: 'kind' }] });
  t.match(await refusal(`?after=${head + 1}`), { code: 'bad_request', errors: [{ in: 'query', parameter: 'after', detail: new RegExp(`at most ${head}`) }] }, 'after an event that there is not');
  t.match(await refusal('', { 'last-event-id': String(head + 1) }), { code: 'bad_request', errors: [{ in: 'header', parameter: 'last-event-id' }] });
  t.match(await refusal('', { 'last-event-id': 'abc' }), { code: 'bad_request', errors: [{ in: 'header', parameter: 'last-event-id' }] });
  t.match(await refusal('', { accept: 'image/png' }), { code: 'not_acceptable' });
  t.match(await refusal('', { host: 'evil.com' }), { code: 'host_not_allowed' });
  t.equal(problemOf(await api.get('/v1/runs/01890000-0000-7000-8000-00000000abcd/events', STREAM)).code, 'not_found');
  t.equal(problemOf(await api.get('/v1/runs/7/events', STREAM)).code, 'not_found');
  t.equal(problemOf(await api.ask({ method: 'POST', url: `/v1/runs/${id}/events`, headers: STREAM })).code, 'method_not_allowed');
  t.same(api.services.hub.counts(), { connections: 0, subscriptions: 0, runs: 0 }, 'nothing is kept of them');
  api.records.down = databaseAway();
  t.match(await refusal(''), { code: 'database_unavailable', retryable: true });
});
