// What was said of starts, held against when they were, on a real database.
import t from 'tap';
import { createEstimates } from '../../../src/dispatch/estimates.js';
import { until } from '../../helpers/poll.js';
import { box } from '../workers/harness.js';

const SECOND = 1_000;
const DAY = 24 * 3600 * SECOND;

t.test('the first word on a run is kept, and held against its start', async (t) => {
  const place = await box(t);
  const { stores } = place;
  const estimates = createEstimates(stores.database);
  const now = Date.now();
  const [first, second, third] = [await place.submit(), await place.submit(), await place.submit()];
  const say = (runId: string, seconds: number) => ({ runId, earliest: now, likely: now + seconds * SECOND, latest: now + 2 * seconds * SECOND });
  await estimates.note([say(first.id, 10), say(second.id, 100), { runId: third.id, earliest: null, likely: null, latest: null }], now);
  await estimates.note([say(first.id, 999)], now);
  t.equal(await stores.database.startEstimate.count(), 2, 'of a run that nobody can tell of nothing is kept');
  t.same(await estimates.accuracy(new Date(now - DAY)), { count: 0, medianErrorSeconds: null, withinInterval: null }, 'before anything has started');
  const start = async (run: { id: string }, seconds: number) => {
    await stores.database.run.update({ where: { id: run.id }, data: { box: 'box', placedAt: new Date(), deviceIds: ['cpu'], memoryMiB: 1, share: 1 } });
    await stores.lifecycle.claim({ runId: run.id, attempt: 1 }, 'test', { box: 'box' });
    await stores.database.deviceUse.updateMany({ where: { runId: run.id }, data: { startedAt: new Date(now + seconds * SECOND) } });
  };
  await start(first, 14);
  await start(second, 350);
  await estimates.settle();
  t.same(await estimates.accuracy(new Date(now - DAY)), { count: 2, medianErrorSeconds: (4 + 250) / 2, withinInterval: 0.5 });
  await stores.database.startEstimate.updateMany({ where: { runId: second.id }, data: { latest: null } });
  t.match(await estimates.accuracy(new Date(now - DAY)), { count: 2, withinInterval: 1 }, 'where nobody could say there is no interval');
  t.match(await estimates.calibration(new Date(now - DAY)), { count: 2, p50: (1.4 + 3.5) / 2 }, 'waits in parts of what was forecast');
  t.match(await estimates.calibration(new Date(now + DAY)), { count: 0, p50: 1 }, 'nothing tells nothing');
});

t.test('runs that wait on past their forecast count, those that were cancelled do not', async (t) => {
  const place = await box(t);
  const { stores, teamId, runs } = place;
  const estimates = createEstimates(stores.database);
  const before = Date.now() - 1_000 * SECOND;
  const [waits, gone] = [await place.submit(), await place.submit()];
  await estimates.note([waits, gone].map(({ id }) => ({ runId: id, earliest: before, likely: before + 100 * SECOND, latest: null })), before);
  await runs.cancel(teamId, gone.id);
  const { count, p50 } = await estimates.calibration(new Date(before - DAY));
  t.equal(count, 1);
  t.ok(p50 >= 10 && p50 < 12, `it has waited ${p50} times as long as was forecast`);
  await stores.database.startEstimate.updateMany({ data: { madeAt: new Date(before - 40 * DAY) } });
  await estimates.settle();
  t.equal(await stores.database.startEstimate.count(), 0, 'old ones are forgotten');
});

t.test('a run that was paused while it waited waits anew, and is told a start anew', async (t) => {
  const place = await box(t);
  const { stores, runs, teamId } = place;
  await place.supervise('waits');
  for (const { id } of [await place.submit(), await place.submit()]) await place.reaches(id, ['running']);
  const third = await place.submit();
  const told = (count: number) => until(async () => (await stores.database.startEstimate.count({ where: { runId: third.id } })) === count, { what: `${count} words on it`, deadlineMs: 20_000 });
  await told(1);
  await runs.pause(teamId, third.id);
  t.match(await runs.resume(teamId, third.id), { state: 'queued', attempt: 0 });
  await told(2);
});
