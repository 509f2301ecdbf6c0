// What every bus does, whatever carries it. One suite, called with each store.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { Bus, BusOptions, EventNotice } from '../../../src/live/bus.js';
import type { BoxSamples } from '../../../src/live/box-samples.js';
import type { RunEvent } from '../../../src/schemas/event.js';
import { testRunSample, testSamples } from '../../fakes/devices.js';
import { until } from '../../helpers/poll.js';
import type { CreateStore, TestStore } from '../queue/stores.js';

export interface BusUnderTest {
  createStore: CreateStore;
  createBus(options: BusOptions): Bus;
  /** Ends every connection that listens, by order of the server. */
  endListeners(store: TestStore): Promise<void>;
}

const FIXTURE = fileURLToPath(new URL('./bus-process.js', import.meta.url));

export function logEvent(seq: number, message: string): RunEvent {
  return { seq, kind: 'log', at: '2026-01-01T00:00:00.000Z', data: { level: 'info', message } };
}

export async function busContract(t: Test, subject: BusUnderTest): Promise<void> {
  // Most of the time is spent waiting for locks and outages; every case has a store of its own.
  t.jobs = 4;
  const cases: PromiseLike<unknown>[] = [];
  const test = (name: string, run: (t: Test) => Promise<void>) => cases.push(t.test(name, { buffered: true }, run));

  /** Makes buses on one store, all closed at the test's end. */
  async function stage(t: Test) {
    const store = await subject.createStore(t);
    const errors: Error[] = [];
    function bus(): Bus {
      const made = subject.createBus({ url: store.connection.url, onError: (error) => errors.push(error) });
      t.teardown(() => made.close());
      return made;
    }
    return { store, bus, errors };
  }
  const heads = (notices: EventNotice[]) => notices.map(({ head }) => head);

  test('a notice reaches every listener in every process', async (t) => {
    const { bus } = await stage(t);
    const [sender, one, two] = [bus(), bus(), bus()];
    const got: Record<string, EventNotice[]> = { own: [], all: [], again: [], run: [], other: [] };
    sender.onEvents((notice) => got.own?.push(notice));
    one.onEvents((notice) => got.all?.push(notice));
    one.onEvents((notice) => got.again?.push(notice));
    two.subscribe('a', (notice) => got.run?.push(notice));
    two.subscribe('b', (notice) => got.other?.push(notice));
    await Promise.all([sender, one, two].map((bus) => bus.listening()));
    const notice: EventNotice = { runId: 'a', head: 2, events: [logEvent(1, 'Grüße 🚂'), logEvent(2, 'with a null \\u0000 and "quotes"')] };
    await sender.publishEvents(notice);
    await sender.publishEvents({ runId: 'b', head: 7 });
    await until(() => got.other?.length === 1 && got.all?.length === 2, { what: 'the notices to arrive' });
    await until(() => got.own?.length === 2 && got.again?.length === 2, { what: 'the other listeners to hear them' });
    t.same(got.run, [notice], 'the one of a run hears of that run alone, with its events unharmed');
    t.same(got.other, [{ runId: 'b', head: 7 }], 'as does the one of another run');
    for (const name of ['own', 'all', 'again']) t.same(heads(got[name] ?? []), [2, 7], `${name}: those of all runs hear everything`);
  });

  test('notices arrive in the order in which they were published', async (t) => {
    const { bus } = await stage(t);
    const [sender, hearer] = [bus(), bus()];
    const got: EventNotice[] = [];
    hearer.subscribe('a', (notice) => got.push(notice));
    await hearer.listening();
    const count = 500;
    await Promise.all(Array.from({ length: count }, (_, i) => sender.publishEvents({ runId: 'a', head: i + 1, events: [logEvent(i + 1, 'x')] })));
    await until(() => got.length === count, { what: 'all notices to arrive' });
    t.same(heads(got), Array.from({ length: count }, (_, i) => i + 1), 'none is lost, doubled or early');
  });

  test('events that are too large are left out of their notice', async (t) => {
    const { bus } = await stage(t);
    const [sender, hearer] = [bus(), bus()];
    const got: EventNotice[] = [];
    hearer.onEvents((notice) => got.push(notice));
    await hearer.listening();
    const sizes = [100, 7_700, 7_900, 8_100, 60_000, 70_000, 5_000_000];
    for (const [i, size] of sizes.entries()) await sender.publishEvents({ runId: 'a', head: i + 1, events: [logEvent(i + 1, 'é'.repeat(size / 2))] });
    await until(() => got.length === sizes.length, { what: 'all notices to arrive' });
    t.same(heads(got), sizes.map((_, i) => i + 1), 'every notice arrives, in order');
    t.equal(got[0]?.events?.length, 1, 'a small event is carried along');
    t.notOk('events' in (got.at(-1) ?? {}), 'of a large one only the number');
  });

  test('a command reaches those who listen for commands', async (t) => {
    const { bus } = await stage(t);
    const [api, supervisor] = [bus(), bus()];
    const got: unknown[] = [];
    supervisor.onCommand((command) => got.push(command));
    supervisor.onEvents(() => t.fail('a command is not an event'));
    await supervisor.listening();
    await api.sendCommand({ type: 'cancel', runId: 'a' });
    await until(() => got.length === 1, { what: 'the command to arrive' });
    t.same(got, [{ type: 'cancel', runId: 'a' }], 'as it was sent');
  });

  test('samples of the devices arrive whole, however large, in the order in which they were published', async (t) => {
    const { bus } = await stage(t);
    const [supervisor, api] = [bus(), bus()];
    const got: BoxSamples[] = [];
    const leave = api.onSamples((samples) => got.push(samples));
    api.onEvents(() => t.fail('samples are no event'));
    api.onCommand(() => t.fail('samples are no command'));
    await api.listening();
    const sent = [0, 1, 1_000].map((count, second) => testSamples({ at: `${second}`, box: 'größte', runs: Array.from({ length: count }, (_, index) => testRunSample(`run ${index}`)) }));
    t.ok(JSON.stringify(sent.at(-1)).length > 65_536, 'more than any store carries at once');
    for (const samples of sent) await supervisor.publishSamples(samples);
    await until(() => got.length === sent.length, { what: 'the samples to arrive' });
    t.strictSame(got, sent);
    leave();
    let fresh = 0;
    api.onSamples(() => (fresh += 1));
    await api.listening();
    await supervisor.publishSamples(testSamples());
    await until(() => fresh === 1, { what: 'the next samples' });
    t.equal(got.length, sent.length, 'whoever has left hears no more');
  });

  test('samples reach every listener of a process, until it leaves', async (t) => {
    const { bus } = await stage(t);
    const [supervisor, api] = [bus(), bus()];
    const heard = { stays: 0, leaves: 0 };
    api.onSamples(() => (heard.stays += 1));
    const leave = api.onSamples(() => (heard.leaves += 1));
    await api.listening();
    await supervisor.publishSamples(testSamples());
    await until(() => heard.stays === 1 && heard.leaves === 1, { what: 'the samples to arrive at both' });
    leave();
    await api.listening();
    await supervisor.publishSamples(testSamples());
    await until(() => heard.stays === 2, { what: 'the next samples' });
    t.equal(heard.leaves, 1);
  });

  test('whoever unsubscribed hears no more', async (t) => {
    const { bus } = await stage(t);
    const [sender, hearer] = [bus(), bus()];
    const kept: EventNotice[] = [];
    const left: EventNotice[] = [];
    hearer.subscribe('a', (notice) => kept.push(notice));
    const leave = [hearer.subscribe('a', (notice) => left.push(notice)), hearer.onEvents((notice) => left.push(notice))];
    await hearer.listening();
    await sender.publishEvents({ runId: 'a', head: 1 });
    await until(() => left.length === 2 && kept.length === 1, { what: 'the first notice to arrive' });
    for (const unsubscribe of [...leave, ...leave]) unsubscribe();
    await hearer.listening();
    await sender.publishEvents({ runId: 'a', head: 2 });
    await until(() => kept.length === 2, { what: 'the second notice to arrive' });
    t.same(heads(left), [1, 1], 'the others did not hear the second one');
    hearer.subscribe('a', (notice) => left.push(notice));
    await hearer.listening();
    await sender.publishEvents({ runId: 'a', head: 3 });
    await until(() => left.length === 3, { what: 'the third notice to arrive' });
    t.equal(left.at(-1)?.head, 3, 'until they subscribe again');
  });

  test('a listener that throws does not keep the others from hearing', async (t) => {
    const { bus, errors } = await stage(t);
    const hearer = bus();
    const got: EventNotice[] = [];
    hearer.onEvents(() => {
      throw new Error('my own fault');
    });
    hearer.onEvents((notice) => got.push(notice));
    await hearer.listening();
    await hearer.publishEvents({ runId: 'a', head: 1 });
    await until(() => got.length === 1, { what: 'the notice to arrive' });
    t.match(errors, [{ message: 'my own fault' }], 'its error is reported');
  });

  test('a connection that the server ended is made again, and the gap is reported', async (t) => {
    const { store, bus } = await stage(t);
    const [sender, hearer] = [bus(), bus()];
    const got: EventNotice[] = [];
    let gaps = 0;
    hearer.subscribe('a', (notice) => got.push(notice));
    hearer.onGap(() => gaps++);
    await hearer.listening();
    t.equal(gaps, 0, 'there is no gap at first');
    await subject.endListeners(store);
    await until(() => gaps === 1, { what: 'the gap to be reported' });
    await until(() => sender.publishEvents({ runId: 'a', head: 5 }).then(() => true), { what: 'the sender to be back' });
    await until(() => got.length > 0, { what: 'a notice after the gap' });
    t.same(heads(got), [5], 'what is published after the report is heard');
  });

  test('while the store is away calls fail fast, and all goes on when it is back', async (t) => {
    const { store, bus, errors } = await stage(t);
    const [sender, hearer] = [bus(), bus()];
    const got: EventNotice[] = [];
    let gaps = 0;
    hearer.onEvents((notice) => got.push(notice));
    hearer.onGap(() => gaps++);
    await Promise.all([sender.ping(), hearer.listening()]);
    await store.stop();
    const calls: Array<() => Promise<void>> = [
      () => sender.publishEvents({ runId: 'a', head: 1 }),
      () => sender.sendCommand({ type: 'cancel', runId: 'a' }),
      () => sender.publishSamples(testSamples()),
      () => sender.ping(),
      () => hearer.listening(),
    ];
    for (const call of calls) {
      const asked = performance.now();
      await t.rejects(call, 'the call is refused');
      t.ok(performance.now() - asked < 2_500, 'within about two seconds');
    }
    const outage = performance.now();
    const before = errors.length;
    await until(() => performance.now() - outage > 1_500, { what: 'a while without a store' });
    t.ok(errors.length - before < 30, `it does not spin (${errors.length - before} errors)`);
    t.equal(gaps, 0, 'the gap is not reported before its end');
    await store.start();
    await until(() => gaps === 1, { what: 'the gap to be reported' });
    await until(() => sender.ping().then(() => true), { what: 'the sender to be back' });
    await sender.publishEvents({ runId: 'a', head: 9 });
    await until(() => got.length === 1, { what: 'a notice after the gap' });
    t.same(heads(got), [9], 'what was refused is not sent later');
  });

  test('a store that is silent is not waited for, and all goes on when it speaks again', async (t) => {
    const { store, bus } = await stage(t);
    const one = bus();
    const got: EventNotice[] = [];
    one.onEvents((notice) => got.push(notice));
    await one.listening();
    store.freeze();
    for (const call of [() => one.publishEvents({ runId: 'a', head: 1 }), () => one.listening()]) {
      const asked = performance.now();
      await t.rejects(call, 'the call is refused');
      t.ok(performance.now() - asked < 2_500, 'within about two seconds');
    }
    store.thaw();
    await until(() => one.listening().then(() => true), { what: 'the bus to hear again' });
    await until(() => one.publishEvents({ runId: 'a', head: 2 }).then(() => true), { what: 'the bus to send again' });
    await until(() => heads(got).includes(2), { what: 'a notice after the silence' });
  });

  test('a store that is away at the start is waited for', async (t) => {
    const { store, bus } = await stage(t);
    await store.stop();
    const late = bus();
    const got: EventNotice[] = [];
    let gaps = 0;
    late.onEvents((notice) => got.push(notice));
    late.onGap(() => gaps++);
    await t.rejects(late.listening(), 'it says that it does not hear');
    await store.start();
    await until(() => gaps === 1, { what: 'the gap to be reported' });
    await until(() => late.publishEvents({ runId: 'a', head: 1 }).then(() => true), { what: 'it to send' });
    await until(() => got.length === 1, { what: 'a notice' });
    t.same(heads(got), [1], 'and it hears');
  });

  for (const away of [false, true]) {
    test(`a closed bus lets the process end${away ? ', also without a store' : ''}`, async (t) => {
      const store = await subject.createStore(t);
      const { kind, url } = store.connection;
      const child = spawn(process.execPath, [FIXTURE, kind, url], { stdio: ['pipe', 'pipe', 'inherit'] });
      t.teardown(() => child.kill('SIGKILL'));
      await once(child.stdout, 'data');
      if (away) await store.stop();
      const exited = once(child, 'exit', { signal: AbortSignal.timeout(5_000) });
      child.stdin.write('close\n');
      t.same(await exited, [0, null], 'it ended by itself');
    });
  }
  await Promise.all(cases);
}
