import { setTimeout } from 'node:timers/promises';
import t from 'tap';
import type { LedgerRepository } from '../../../src/ledger/repository.js';
import type { Ledger } from '../../../src/schemas/ledger.js';
import { createLedgerService, daysOf } from '../../../src/ledger/service.js';
import type { Principal } from '../../../src/identity/principal.js';
import { FakeLedgerRepository } from '../../fakes/ledger.js';
import { FakeRecords } from '../../fakes/records.js';
import { at, runIdOf, TEAMS, use } from '../../fixtures/device-uses.js';
import { problemOf, startApi } from '../../helpers/api.js';

const DAY = 24 * 60;
const WEEK = 'from=2026-11-01&to=2026-11-08';
const zero = { deviceSeconds: 0, usefulSeconds: 0, afterBestSeconds: 0, lostSeconds: 0, idleSeconds: 0, waitingSeconds: 0, runs: 0 };

/** Two runs of one's own, one of them across midnight on half a device, and one of another team. The time is a week later. */
async function scene(t: Parameters<typeof startApi>[0]) {
  const api = await startApi(t, { now: () => at(7 * DAY).getTime() });
  api.ledger.uses.push(
    use({ runId: runIdOf(1), runName: 'first name', queued: -5, start: 0, running: 10, end: 60, steps: [0, 500], endedAs: 'lost', user: 'ann' }),
    use({ runId: runIdOf(1), attempt: 2, runName: 'crashed once', queued: 60, start: 60, running: 65, end: 85, steps: [400, 600], endedAs: 'succeeded', bestStep: 500, user: 'ann', box: 'other' }),
    use({ runId: runIdOf(2), runName: '=overnight, "quoted"', start: DAY - 10, running: DAY - 10, end: DAY + 30, steps: [0, 40], endedAs: 'failed', share: 0.5, user: null, deviceKind: 'cpu' }),
    use({ runId: runIdOf(3), start: 0, end: 600, endedAs: 'failed', teamId: TEAMS.vision, team: 'vision', user: 'bob' }),
  );
  const ask = async (query: string) => (await api.get(`/v1/ledger?${query}`)).json<Ledger>();
  return { ...api, ask };
}

const ann = { deviceSeconds: 5100, usefulSeconds: 3000, afterBestSeconds: 600, lostSeconds: 600, idleSeconds: 900, waitingSeconds: 300, runs: 1 };
const nobody = { ...zero, deviceSeconds: 1200, usefulSeconds: 1200, runs: 1 };
const both = { deviceSeconds: 6300, usefulSeconds: 4200, afterBestSeconds: 600, lostSeconds: 600, idleSeconds: 900, waitingSeconds: 300, runs: 2 };

t.test('device-seconds are summed up by what is asked for', async (t) => {
  const { ask } = await scene(t);
  t.same(await ask(WEEK), { from: '2026-11-01T00:00:00.000Z', to: '2026-11-08T00:00:00.000Z', by: 'team', items: [{ team: 'default', ...both }], total: both, nextCursor: null });
  t.same((await ask(`${WEEK}&by=user`)).items, [{ team: 'default', user: 'ann', ...ann }, { team: 'default', user: null, ...nobody }], 'those that held the most first');
  t.same((await ask(`${WEEK}&by=run`)).items, [
    { team: 'default', user: null, runId: runIdOf(2), run: '=overnight, "quoted"', ...nobody },
    { team: 'default', user: 'ann', runId: runIdOf(1), run: 'crashed once', ...ann },
  ], 'a run by its latest name, the newest first');
  t.match((await ask(`${WEEK}&by=box`)).items, [{ box: 'box', deviceKind: 'gpu', deviceSeconds: 3600, lostSeconds: 600, runs: 1 }, { box: 'other', deviceKind: 'gpu', deviceSeconds: 1500 }, { box: 'box', deviceKind: 'cpu', deviceSeconds: 1200 }]);
  t.match((await ask(`${WEEK}&by=deviceKind`)).items, [{ deviceKind: 'gpu', ...ann }, { deviceKind: 'cpu', ...nobody }]);
  t.same((await ask(`${WEEK}&deviceKind=cpu`)).items, [{ team: 'default', ...nobody }]);
  t.match(await ask(`${WEEK}&deviceKind=gpu`), { total: ann }, 'what was lost is known by attempts on other devices, too');
});

t.test('those that held as much stand in the order of their names', async (t) => {
  const { ask, ledger } = await scene(t);
  const names = [null, 'b', 'ab', 'a'];
  ledger.uses.push(...names.map((user, index) => use({ runId: runIdOf(10 + index), start: 6 * DAY, end: 6 * DAY + 1, endedAs: 'failed', user })));
  t.same((await ask('from=2026-11-08&by=user')).items.map(({ user }) => user), ['a', 'ab', 'b', null]);
});

t.test('days are those of UTC, each of the period', async (t) => {
  const { ask } = await scene(t);
  const { items, total } = await ask('by=day&from=2026-11-01&to=2026-11-05T06:00:00Z');
  t.same(items.map(({ day, deviceSeconds, waitingSeconds, runs }) => [day, deviceSeconds, waitingSeconds, runs]), [['2026-11-01', 0, 300, 1], ['2026-11-02', 5400, 0, 2], ['2026-11-03', 900, 0, 1], ['2026-11-04', 0, 0, 0], ['2026-11-05', 0, 0, 0]]);
  t.same(total, both, 'a run of two days is one');
  t.same(daysOf({ from: 5, to: 5 }), []);
});

t.test('a period is the last week, or what is asked for until now', async (t) => {
  const { ask, get } = await scene(t);
  t.match(await ask(''), { from: '2026-11-02T00:00:00.000Z', to: '2026-11-09T00:00:00.000Z', total: { ...both, waitingSeconds: 0 } });
  t.match(await ask('to=2026-11-02T00:30:00Z'), { from: '2026-10-26T00:30:00.000Z', total: { deviceSeconds: 1800, idleSeconds: 600, usefulSeconds: 1200 } });
  t.match(await ask('from=2026-11-08&to=9999-12-31T23:59:59-23:59'), { to: '2026-11-09T00:00:00.000Z', items: [], total: zero });
  for (const [query, parameter] of Object.entries({ 'from=2026-11-09': 'from', 'from=2026-11-02&to=2026-11-02': 'from', 'from=2025-11-01': 'from', 'to=1969-01-01': 'to', 'from=0000-01-01&to=1970-01-02': 'from', 'to=2016-12-31T23:59:60Z': 'to' })) {
    t.match(problemOf(await get(`/v1/ledger?${query}`)), { code: 'bad_request', errors: [{ parameter }] }, query);
  }
  for (const query of ['from=yesterday', 'by=week', 'team=../x', 'deviceKind=tpu', 'format=xml', 'page=2']) t.equal((await get(`/v1/ledger?${query}`)).statusCode, 400, query);
});

t.test('the sum of the categories is the whole, to the last digit, and that of the items the total', async (t) => {
  const { ask, ledger } = await scene(t);
  for (let number = 10; number < 60; number += 1) ledger.uses.push(use({ runId: runIdOf(number), start: number / 7, running: number / 3, end: number, steps: [0, number], endedAs: 'failed', bestStep: number - 7, share: 1 / number, user: `user-${number % 9}` }));
  const { items, total } = await ask(`${WEEK}&by=user`);
  const exact = (...seconds: number[]) => seconds.reduce((sum, one) => sum + Math.round(one * 1000), 0);
  for (const item of [...items, total]) t.equal(exact(item.usefulSeconds, item.afterBestSeconds, item.lostSeconds, item.idleSeconds), exact(item.deviceSeconds));
  t.equal(exact(...items.map(({ deviceSeconds }) => deviceSeconds)), exact(total.deviceSeconds));
  t.equal(total.runs, 52);
});

t.test('runs come page by page', async (t) => {
  const { ask, get, ledger } = await scene(t);
  for (let number = 10; number < 15; number += 1) ledger.uses.push(use({ runId: runIdOf(number), start: 0, end: 1, endedAs: 'failed' }));
  const numbers = ({ items }: Ledger) => items.map(({ runId }) => Number(runId!.slice(-4)));
  const first = await ask(`${WEEK}&by=run&limit=3`);
  const second = await ask(`${WEEK}&by=run&limit=3&cursor=${first.nextCursor}`);
  const third = await ask(`${WEEK}&by=run&limit=3&cursor=${second.nextCursor}`);
  t.same([first, second, third].map(numbers), [[14, 13, 12], [11, 10, 2], [1]]);
  t.match([first.total, third.total], [{ deviceSeconds: 180, runs: 3 }, ann], 'with their sum');
  t.equal(third.nextCursor, null, 'until there are no more');
  t.match(await ask(`${WEEK}&by=run&limit=1&deviceKind=cpu`), { items: [{ runId: runIdOf(2) }], nextCursor: null }, 'those on another kind of device are none of them');
  const { link } = (await get(`/v1/ledger?${WEEK}&by=run&limit=6&format=csv`)).headers;
  const next = await get(/^<(.*)>; rel="next"$/.exec(String(link))![1]!);
  t.same([next.headers.link, next.body.split('\r\n').length], [undefined, 3], 'of a spreadsheet as well');
  t.equal(problemOf(await get(`/v1/ledger?${WEEK}&by=run&cursor=x`)).code, 'invalid_cursor');
  t.match(problemOf(await get(`/v1/ledger?${WEEK}&limit=3`)), { code: 'bad_request', errors: [{ parameter: 'limit' }] }, 'teams are few');
});

t.test('a team has one ledger made at a time, and the same one again for a moment', async (t) => {
  const ledger = new FakeLedgerRepository(new FakeRecords());
  ledger.uses.push(use({ start: 0, end: 10, endedAs: 'failed' }));
  let [asked, atOnce, most] = [0, 0, 0];
  const slow: LedgerRepository = {
    knowsTeam: (name) => ledger.knowsTeam(name),
    async *listUses(query) {
      [asked, atOnce] = [asked + 1, atOnce + 1];
      most = Math.max(most, atOnce);
      await setTimeout(5);
      yield* ledger.listUses(query);
      atOnce -= 1;
    },
  };
  let now = at(60).getTime();
  const service = createLedgerService({ ledger: slow, now: () => now });
  const member = (teamId: string) => ({ team: 'default', teamId, rights: ['view', 'read'] as const });
  const answers = await Promise.all(['team', 'user', 'team', 'box', 'user'].map((by) => service.get(member(TEAMS.default), { by: by as 'team' })));
  t.same([asked, most], [3, 1], 'three questions, one after the other');
  t.same(answers.map(({ by }) => by), ['team', 'user', 'team', 'box', 'user']);
  await Promise.all([TEAMS.default, TEAMS.vision].map((team) => service.get(member(team), { by: 'day' })));
  t.equal(most, 2, 'others need not wait for it');
  await service.get(member(TEAMS.default), { by: 'team' });
  t.equal(asked, 5);
  now += 5_000;
  await service.get(member(TEAMS.default), { by: 'team' });
  t.equal(asked, 6, 'for a moment only');
  await t.rejects(service.get(member(TEAMS.default), { from: '2030-01-01' }), { code: 'bad_request' });
  await service.get(member(TEAMS.default), { by: 'box', deviceKind: 'gpu' });
  t.equal(atOnce, 0, 'a refusal holds up nobody');
});

t.test('as CSV and as SVG, by its parameter or by what is accepted', async (t) => {
  const { get } = await scene(t);
  const csv = await get(`/v1/ledger?${WEEK}&by=run&format=csv`);
  t.match(csv.headers, { 'content-type': /^text\/csv; charset=utf-8/, 'content-disposition': 'attachment; filename="ledger-by-run-2026-11-01-2026-11-08.csv"', vary: /accept/ });
  t.equal(csv.body, [
    'team,user,runId,run,deviceSeconds,usefulSeconds,afterBestSeconds,lostSeconds,idleSeconds,waitingSeconds,runs',
    `default,,${runIdOf(2)},"'=overnight, ""quoted""",1200,1200,0,0,0,0,1`,
    `default,ann,${runIdOf(1)},crashed once,5100,3000,600,600,900,300,1`,
    '',
  ].join('\r\n'));
  t.equal((await get(`/v1/ledger?${WEEK}&by=run`, { accept: 'text/csv' })).body, csv.body);
  const svg = await get(`/v1/ledger?${WEEK}`, { accept: 'image/svg+xml, */*;q=0.1' });
  t.match(svg.headers, { 'content-type': 'image/svg+xml; charset=utf-8', 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox", 'x-content-type-options': 'nosniff' });
  t.match(svg.body, /^<svg xmlns=/);
  t.equal((await get('/v1/ledger?format=svg', { accept: 'application/json' })).body.slice(0, 4), '<svg', 'the parameter comes first');
  t.equal(problemOf(await get('/v1/ledger', { accept: 'image/png' })).code, 'not_acceptable');
});

t.test('a team sees its own, and who runs the service what all have used', async (t) => {
  const ledger = new FakeLedgerRepository(new FakeRecords());
  ledger.uses.push(use({ start: 0, end: 10, endedAs: 'failed' }), use({ runId: runIdOf(2), start: 0, end: 20, endedAs: 'failed', teamId: TEAMS.vision, team: 'vision', user: 'bob' }));
  const service = createLedgerService({ ledger, now: () => at(60).getTime() });
  const member: Pick<Principal, 'team' | 'teamId' | 'rights'> = { team: 'default', teamId: TEAMS.default, rights: ['view', 'read'] };
  const operator = { ...member, rights: ['view', 'read', 'operate'] as const };
  const teams = ({ items }: Ledger) => items.map(({ team, user }) => [team, user ?? null]);
  t.same(teams(await service.get(member, {})), [['default', null]]);
  t.same(teams(await service.get(member, { team: 'default', by: 'run' })), [['default', 'admin']]);
  for (const team of ['vision', 'all', 'nobodies']) await t.rejects(service.get(member, { team }), { code: 'not_found' }, `a member does not see ${team}`);
  t.same(teams(await service.get(operator, {})), [['default', null]], "one's own unless another is named");
  t.same(teams(await service.get(operator, { team: 'all', by: 'user' })), [['vision', 'bob'], ['default', 'admin']]);
  t.same(teams(await service.get(operator, { team: 'vision' })), [['vision', null]]);
  await t.rejects(service.get(operator, { team: 'nobodies' }), { code: 'not_found' });
  for (const team of ['vision', 'all']) await t.rejects(service.get(operator, { team, by: 'run' }), { code: 'forbidden' }, `not the runs of ${team}`);
  // A team of a name that another had before it does not see what that one used.
  t.same((await service.get({ ...member, team: 'vision' }, { by: 'user' })).items.map(({ user }) => user), ['admin']);
});

t.test('a database that is away is said to be so', async (t) => {
  const api = await startApi(t);
  api.records.down = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  t.equal(problemOf(await api.get('/v1/ledger')).code, 'database_unavailable');
});
