// The devices, from what a supervisor says of them to what each team's clients hear: over each store.
import t, { type Test } from 'tap';
import type { Bus } from '../../../src/live/bus.js';
import { createPostgresBus } from '../../../src/live/postgres-bus.js';
import { createRedisBus } from '../../../src/live/redis-bus.js';
import type { DevicePage } from '../../../src/schemas/device.js';
import type { DevicesMessage } from '../../../src/schemas/live.js';
import { testDevice, testRunSample, testSamples } from '../../fakes/devices.js';
import { connectLive, type Live } from '../../helpers/client.js';
import { until } from '../../helpers/poll.js';
import { redisMissing } from '../../helpers/redis.js';
import { bearer, identityPlace } from '../identity/place.js';
import { redisStore } from '../queue/stores.js';

const last = (client: Live) => client.messages.filter(({ type }) => type === 'devices').at(-1) as DevicesMessage | undefined;

async function watchedByTwoTeams(t: Test, redisUrl: string | null): Promise<void> {
  const place = await identityPlace(t, { redisUrl });
  const { done, join, submit } = place;
  await done('POST', '/v1/teams', { name: 'vision' });
  const { key } = await join('vision', 'ann', 'member');
  const [ours, shared, theirs] = [await submit(), await submit(), await submit(key)];
  const { link } = await done<{ link: string }>('POST', `/v1/runs/${ours.id}/shares`, {});
  await done('POST', `/v1/runs/${shared.id}/shares`, { team: 'vision' });
  const runs = [ours, shared, theirs].map(({ id }) => id);

  const gpu = testDevice({ id: 'gpu:0', kind: 'gpu', runs: runs.map((id) => ({ id, attempt: 1, memoryMiB: 100 })) });
  await place.services.workers.beat({ id: 'w1', box: 'box', host: 'box', pid: 7, slots: 2, devices: [gpu, testDevice()], startedAt: new Date() });
  const runsShownTo = async (key?: string) => (await done<DevicePage>('GET', '/v1/devices', undefined, key)).items.map(({ runs, otherRuns }) => [runs.map(({ id }) => id), otherRuns]);
  t.same(await runsShownTo(), [[[ours.id, shared.id], 1], [[], 0]], 'a team is shown its own runs');
  t.same(await runsShownTo(key), [[[shared.id, theirs.id], 1], [[], 0]], 'and those that are shared with it');

  const address = await place.listen();
  const [us, them, guest] = [await connectLive(t, address), await connectLive(t, address, { headers: bearer(key) }), await connectLive(t, address, { headers: bearer(link) })];
  for (const client of [us, them, guest]) client.send({ type: 'subscribeDevices' });
  await until(() => guest.messages.length > 0, { what: 'an answer to who has only a link' });
  t.match(guest.messages, [{ type: 'error', code: 'forbidden' }], 'a link shows one run, and no devices');

  const supervisor: Bus = redisUrl === null ? createPostgresBus({ url: place.databaseUrl }) : createRedisBus({ url: redisUrl });
  t.teardown(() => supervisor.close());
  await until(
    async () => {
      await supervisor.publishSamples(testSamples({ runs: runs.map((id) => testRunSample(id)) }));
      return last(us) !== undefined && last(them) !== undefined;
    },
    { what: 'both to hear of the devices', everyMs: 100 },
  );
  t.same(last(us)?.runs.map(({ runId }) => runId), [ours.id, shared.id]);
  t.same(last(them)?.runs.map(({ runId }) => runId), [shared.id, theirs.id]);
  for (const client of [us, them]) t.match(last(client), { worker: 'w1', box: 'box', devices: [{ id: 'gpu:0', memoryUsedMiB: 3000, otherRuns: 1 }] });
  t.notMatch(JSON.stringify(us.messages), new RegExp(theirs.id), 'of the others nothing is to be seen');
  t.notMatch(JSON.stringify(them.messages), new RegExp(ours.id));
  t.equal(guest.messages.length, 1);
}

t.test('over PostgreSQL', (t) => watchedByTwoTeams(t, null));

t.test('over Redis', { skip: redisMissing() }, async (t) => watchedByTwoTeams(t, (await redisStore(t)).connection.url));
