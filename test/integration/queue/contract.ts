// What every run queue does, whatever it is stored in. One suite, called with each store.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { consumeRuns, createRunQueue } from '../../../src/queue/bullmq-queue.js';
import type { ConsumeOptions, RunConsumer, RunJob, RunQueue } from '../../../src/queue/queue.js';
import { until } from '../../helpers/poll.js';
import type { CreateStore, TestStore } from './stores.js';

const LOCK_MS = 1_000;
const FIXTURE = fileURLToPath(new URL('./doomed-consumer.js', import.meta.url));

/** Tools for one test, all of them closed at its end. */
export interface Bench {
  store: TestStore;
  queue: RunQueue;
  /** Consumes with a handler that notes what it gets in `handled`, and what went wrong in `errors`. */
  consume(options?: Partial<ConsumeOptions>): RunConsumer;
  handled: string[];
  errors: Error[];
}

export async function bench(t: Test, create: CreateStore): Promise<Bench> {
  const store = await create(t);
  const queue = createRunQueue(store.connection);
  const handled: string[] = [];
  const errors: Error[] = [];
  const consumers: RunConsumer[] = [];
  t.teardown(async () => {
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await queue.close();
  });
  function consume(options: Partial<ConsumeOptions> = {}): RunConsumer {
    const consumer = consumeRuns(store.connection, {
      concurrency: 1,
      lockDurationMs: LOCK_MS,
      handler: async ({ runId }) => void handled.push(runId),
      onError: (error) => errors.push(error),
      ...options,
    });
    consumers.push(consumer);
    return consumer;
  }
  return { store, queue, consume, handled, errors };
}

/** A handler that waits until it is let go. */
export function gate(): { handler: (job: RunJob) => Promise<void>; entered: string[]; open(): void } {
  const entered: string[] = [];
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    entered,
    open: () => open(),
    handler: ({ runId }) => {
      entered.push(runId);
      return opened;
    },
  };
}

const job = (runId: string, attempt = 1) => ({ runId, attempt });
const drained = (queue: RunQueue) =>
  until(async () => {
    const { waiting, active } = await queue.counts();
    return waiting + active === 0;
  }, { what: 'the queue to be empty' });

function fixture(t: Test, mode: 'hold' | 'leave', { connection: { kind, url } }: TestStore): ChildProcess {
  const child = spawn(process.execPath, [FIXTURE, mode, kind, url, String(LOCK_MS)], { stdio: ['pipe', 'pipe', 'ignore'] });
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

/** The next line that the fixture prints; it prints one at a time. */
async function line(child: ChildProcess): Promise<string> {
  const [data] = (await once(child.stdout as Readable, 'data')) as [Buffer];
  return data.toString().trim();
}

export async function queueContract(t: Test, create: CreateStore): Promise<void> {
  // Most of the time is spent waiting for locks and outages; every case has a store of its own.
  t.jobs = 4;
  const cases: PromiseLike<unknown>[] = [];
  const test = (name: string, run: (t: Test) => Promise<void>) => cases.push(t.test(name, { buffered: true }, run));

  test('a job is queued once per run and attempt', async (t) => {
    const { queue, consume, handled } = await bench(t, create);
    await queue.enqueue(job('a'));
    await queue.enqueue(job('a'));
    await queue.enqueue(job('a', 2));
    t.same(await queue.counts(), { waiting: 2, active: 0 }, 'two attempts of a run are two jobs, however often enqueued');
    consume();
    await drained(queue);
    t.same(handled, ['a', 'a'], 'each attempt was handled once');
  });

  test('the first in goes first', async (t) => {
    const { queue, consume, handled } = await bench(t, create);
    const runs = Array.from({ length: 6 }, (_, index) => `run-${(index * 5) % 6}`);
    for (const runId of runs) await queue.enqueue(job(runId));
    consume();
    await until(() => handled.length === runs.length, { what: 'all jobs to be handled' });
    t.same(handled, runs);
  });

  test('of two consumers exactly one handles a job', async (t) => {
    const { queue, consume } = await bench(t, create);
    const by: Record<string, string[]> = { one: [], two: [] };
    for (const name of ['one', 'two']) {
      consume({ concurrency: 3, handler: async ({ runId }) => void by[name]?.push(runId) });
    }
    const names = Array.from({ length: 30 }, (_, i) => `run-${i}`);
    await Promise.all(names.map((name) => queue.enqueue(job(name))));
    await drained(queue);
    t.same([...(by.one ?? []), ...(by.two ?? [])].sort(), names.sort(), 'every job was handled once by one of them');
  });

  test('a handler that throws is reported, and its job is gone', async (t) => {
    const { queue, consume, handled, errors } = await bench(t, create);
    await queue.enqueue(job('bad'));
    await queue.enqueue(job('good'));
    consume({
      handler: async ({ runId }) => {
        handled.push(runId);
        if (runId === 'bad') throw new Error('no such model');
      },
    });
    await drained(queue);
    t.same(handled, ['bad', 'good'], 'the next job is handled, the bad one is not tried again');
    t.match(errors, [{ message: 'no such model' }], 'its error is reported once');
  });

  test('the jobs of a killed consumer are delivered again', async (t) => {
    const { store, queue, consume, handled } = await bench(t, create);
    await queue.enqueue(job('orphan'));
    const child = fixture(t, 'hold', store);
    t.equal(await line(child), 'took orphan', 'another process took the job');
    child.kill('SIGKILL');
    await once(child, 'exit');
    consume();
    await until(() => handled.length === 1, { what: 'the orphan to be delivered again' });
    t.same(handled, ['orphan'], 'a living consumer has it now');
    await drained(queue);
  });

  test('closing waits for the handler and takes nothing more', async (t) => {
    const { queue, consume } = await bench(t, create);
    const held = gate();
    const consumer = consume({ handler: held.handler, concurrency: 2 });
    await consumer.ready();
    await queue.enqueue(job('first'));
    await until(() => held.entered.length === 1, { what: 'the first job to be taken' });
    await consumer.pause();
    await queue.enqueue(job('second'));
    let closed = false;
    const closing = consumer.close().then(() => (closed = true));
    // Longer than a lock lives: were it not renewed, the job would be up for delivery again.
    const started = performance.now();
    await until(() => performance.now() - started > 2.5 * LOCK_MS, { what: 'the lock to have been renewed' });
    t.equal(closed, false, 'it waits while the handler runs');
    t.same(await queue.counts(), { waiting: 1, active: 1 }, 'the second job was not taken');
    held.open();
    await closing;
    t.same(await queue.counts(), { waiting: 1, active: 0 }, 'the handled job is gone, the other still waits');
    t.same(held.entered, ['first'], 'the handler saw the first job only');
  });

  test('while the store is away calls fail fast, and all goes on when it is back', async (t) => {
    const { store, queue, consume, handled, errors } = await bench(t, create);
    await consume().ready();
    await queue.ping();
    await store.stop();
    const outage = performance.now();
    const calls: Array<() => Promise<unknown>> = [() => queue.enqueue(job('lost')), () => queue.ping(), () => queue.counts()];
    for (const call of calls) {
      const asked = performance.now();
      await t.rejects(call, { code: 'queue_unavailable' }, 'the call is refused with a code that clients know');
      t.ok(performance.now() - asked < 2_500, 'within about two seconds');
    }
    await until(() => performance.now() - outage > 2_500, { what: 'a while without a store' });
    const perSecond = errors.length / ((performance.now() - outage) / 1_000);
    t.ok(perSecond < 10, `a consumer without a store does not spin (${perSecond.toFixed(1)} errors a second)`);
    await store.start();
    await until(() => queue.ping().then(() => true), { what: 'the queue to answer again' });
    await queue.enqueue(job('after'));
    await until(() => handled.includes('after'), { what: 'the consumer to be back' });
    await drained(queue);
  });

  test('a store that is silent is not waited for, and all goes on when it speaks again', async (t) => {
    const { store, queue, consume, handled } = await bench(t, create);
    await consume().ready();
    await queue.ping();
    store.freeze();
    for (const call of [() => queue.enqueue(job('unheard')), () => queue.ping()]) {
      const asked = performance.now();
      await t.rejects(call, { code: 'queue_unavailable' }, 'the call is refused');
      t.ok(performance.now() - asked < 2_500, 'within about two seconds');
    }
    store.thaw();
    await until(() => queue.ping().then(() => true), { what: 'the queue to answer again' });
    await queue.enqueue(job('after'));
    await until(() => handled.includes('after'), { what: 'the consumer to be back' });
    await drained(queue);
  });

  test('a store that is away at the start is waited for', async (t) => {
    const { store } = await bench(t, create);
    await store.stop();
    const { queue, consume, handled } = await bench(t, async () => store);
    const consumer = consume();
    await t.rejects(queue.ping(), { code: 'queue_unavailable' }, 'the queue says that it is not there');
    await store.start();
    await consumer.ready();
    await until(() => queue.ping().then(() => true), { what: 'the queue to answer' });
    await queue.enqueue(job('patient'));
    await until(() => handled.length === 1, { what: 'the job to be handled' });
    await drained(queue);
  });

  for (const away of [false, true]) {
    test(`a closed queue and consumer let the process end${away ? ', also without a store' : ''}`, async (t) => {
      const { store, queue } = await bench(t, create);
      const child = fixture(t, 'leave', store);
      await line(child);
      await until(async () => (await queue.counts()).active === 0, { what: 'the job to be gone' });
      if (away) await store.stop();
      const told = performance.now();
      const exited = once(child, 'exit', { signal: AbortSignal.timeout(15_000) });
      child.stdin?.write('close\n');
      t.equal(await line(child), 'closed', 'everything was closed');
      t.same(await exited, [0, null], 'the process ended by itself');
      const bound = away ? 9_000 : 2_000;
      t.ok(performance.now() - told < bound, `within ${bound} ms`);
    });
  }

  test('a closed queue refuses calls', async (t) => {
    const { queue } = await bench(t, create);
    await queue.close();
    await t.rejects(queue.ping(), { code: 'queue_unavailable' }, 'as one that is away does');
  });
  await Promise.all(cases);
}
