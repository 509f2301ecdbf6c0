// The devices as a live client sees them: every second, and of the runs on them those that it may see.
import t from 'tap';
import { createLiveHub } from '../../../src/live/hub.js';
import { createSeenRuns } from '../../../src/live/seen-runs.js';
import type { SeenRuns } from '../../../src/live/device-subscription.js';
import { FakeClock, settled } from '../../fakes/clock.js';
import { testRunSample, testSamples } from '../../fakes/devices.js';
import { FakeBus, FakeClient, FakeLog, RUN_A, RUN_B } from '../../fakes/live.js';

function setUp() {
  const clock = new FakeClock();
  const log = new FakeLog(clock);
  const bus = new FakeBus();
  const warnings: string[] = [];
  const hub = createLiveHub({ events: log, bus, findRun: (id) => log.findRun(id), log: { warn: (_, message) => void warnings.push(message) }, clock });
  const connect = (seenRuns: SeenRuns | null) => {
    const client = new FakeClient(clock);
    const connection = hub.connect(client, { seenRuns });
    const say = async (type: string) => {
      connection.receive(JSON.stringify({ type }));
      await settled();
    };
    return { client, connection, say };
  };
  const deliver = async (samples = testSamples({ runs: [testRunSample(RUN_A), testRunSample(RUN_B)] })) => {
    bus.deliverSamples(samples);
    await settled();
  };
  return { bus, connect, deliver, warnings };
}
const sees = (...ids: string[]): SeenRuns => async (runIds) => new Set(runIds.filter((id) => ids.includes(id)));

t.test('whoever subscribes is told of the devices and of its own runs', async (t) => {
  const { bus, connect, deliver } = setUp();
  const [own, all, none] = [connect(sees(RUN_A)), connect(sees(RUN_A, RUN_B)), connect(sees())];
  t.equal(bus.listenerCount(), 0, 'nobody listens before');
  for (const { say } of [own, all, none]) await say('subscribeDevices');
  t.equal(bus.listenerCount(), 3, 'each listens once');
  await deliver();
  const { devices, runs, ...rest } = testSamples({ runs: [testRunSample(RUN_A), testRunSample(RUN_B)] });
  t.strictSame(own.client.messages, [{ type: 'subscribedDevices' }, { type: 'devices', ...rest, devices: [{ ...devices[0], otherRuns: 1 }], runs: [runs[0]] }], 'others\' runs are counted');
  t.match(all.client.ofType('devices'), [{ devices: [{ otherRuns: 0 }], runs: [{ runId: RUN_A }, { runId: RUN_B }] }]);
  t.match(none.client.ofType('devices'), [{ devices: [{ otherRuns: 2 }], runs: [] }]);
  t.notMatch(JSON.stringify(none.client.messages), new RegExp(`${RUN_A}|${RUN_B}`), 'and not named anywhere');
  await deliver(testSamples({ worker: 'w2', box: 'another' }));
  t.same(own.client.ofType('devices').map(({ box }) => box), ['box', 'another'], 'of every box');
});

t.test('until it unsubscribes, or goes', async (t) => {
  const { bus, connect, deliver } = setUp();
  const [stays, goes] = [connect(sees()), connect(sees())];
  for (const { say } of [stays, goes]) {
    await say('subscribeDevices');
    await say('subscribeDevices');
  }
  await deliver();
  t.equal(stays.client.ofType('devices').length, 1, 'once, however often it has asked');
  await stays.say('unsubscribeDevices');
  await deliver();
  t.same(stays.client.messages.map(({ type }) => type), ['subscribedDevices', 'subscribedDevices', 'devices', 'unsubscribedDevices']);
  t.equal(goes.client.ofType('devices').length, 2);
  goes.connection.closed();
  t.equal(bus.listenerCount(), 0, 'nobody listens any more');
  await deliver();
  await stays.say('subscribeDevices');
  await deliver();
  t.equal(stays.client.ofType('devices').length, 2, 'it may come back');
});

t.test('who may not read is told so', async (t) => {
  const { bus, connect } = setUp();
  const { client, say } = connect(null);
  await say('subscribeDevices');
  t.match(client.messages, [{ type: 'error', code: 'forbidden' }]);
  t.equal(bus.listenerCount(), 0);
});

t.test('who reads too slowly gets the latest and not what it missed', async (t) => {
  const { connect, deliver } = setUp();
  const { client, say } = connect(sees());
  await say('subscribeDevices');
  client.slow = true;
  client.send(JSON.stringify({ type: 'pong', id: 'x'.repeat(600 * 1024) }));
  await deliver();
  t.same(client.ofType('devices'), []);
  client.drain();
  await deliver(testSamples({ at: '2026-01-01T00:00:01.000Z' }));
  t.match(client.ofType('devices'), [{ at: '2026-01-01T00:00:01.000Z' }]);
});

t.test('while nobody can say whose runs they are, nothing is told', async (t) => {
  const { connect, deliver, warnings } = setUp();
  let away = true;
  const { client, say } = connect(async () => {
    if (away) throw new Error('the database is away');
    return new Set<string>();
  });
  await say('subscribeDevices');
  await deliver();
  t.same(client.ofType('devices'), []);
  t.equal(warnings.length, 1, 'the failure is logged');
  away = false;
  await deliver();
  t.equal(client.ofType('devices').length, 1);
});

t.test('one that has gone while it was asked is told nothing', async (t) => {
  const { connect, deliver } = setUp();
  let answer = (_: Set<string>): void => undefined;
  let questions = 0;
  const { client, connection, say } = connect(() => new Promise((resolve) => {
    questions += 1;
    answer = resolve;
  }));
  await say('subscribeDevices');
  await deliver();
  await deliver();
  t.equal(questions, 1, 'one question at a time');
  connection.closed();
  answer(new Set());
  await settled();
  t.same(client.ofType('devices'), []);
});

t.test('who sees which runs is asked once in a while, for a team and not for each of its readers', async (t) => {
  const clock = new FakeClock();
  const asked: string[][] = [];
  let down = false;
  const seen = createSeenRuns({
    clock,
    runs: {
      async seen({ teamId }, ids) {
        asked.push([teamId, ...ids]);
        if (down) throw new Error('away');
        return new Set(ids.filter((id) => id.startsWith(teamId)));
      },
    },
  });
  const [a, b] = [{ teamId: 'a', onlyRunId: null }, { teamId: 'b', onlyRunId: null }];
  t.same(await Promise.all([seen(a, ['a1', 'b1']), seen(a, ['a1', 'b1'])]), [new Set(['a1']), new Set(['a1'])]);
  t.same(await seen(b, ['a1', 'b1']), new Set(['b1']));
  t.same(await seen(a, ['a1', 'a2']), new Set(['a1', 'a2']));
  t.same(asked, [['a', 'a1', 'b1'], ['b', 'a1', 'b1'], ['a', 'a2']], 'only what is new');
  await clock.advance(10_000);
  down = true;
  await t.rejects(seen(a, ['a1']), 'what was shared may be so no more: it is asked again');
  down = false;
  t.same(await seen(a, ['a1']), new Set(['a1']), 'and again after a failure');
});
