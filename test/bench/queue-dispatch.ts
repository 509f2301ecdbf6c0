// How long devices that become free wait for their next run, while thousands are queued: the real scheduler decides,
// on the real database and queue, and a box claims what it is given. Nothing is trained.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pino } from 'pino';
import { loadConfig } from '../../src/config.js';
import type { Device } from '../../src/devices/worker-repository.js';
import type { RoundTold } from '../../src/dispatch/dispatcher.js';
import { consumeRuns } from '../../src/queue/bullmq-consumer.js';
import { queueOfBox, type RunJob } from '../../src/queue/queue.js';
import { repeat } from '../../src/repeat.js';
import type { Run } from '../../src/schemas/run.js';
import { startDispatching } from '../../workers/dispatching.js';
import { until } from '../helpers/poll.js';
import type { Scope } from './scope.js';
import type { Stack } from './stack.js';

/** Times in ms. */
export interface Dispatched {
  rounds: RoundTold[];
  /** From the end of a run until the next is handed to the box, and until it is claimed. */
  taken: number[];
  decided: number[];
  /** What kept the event loop from its work: the 99th of a hundred, and the longest. */
  heldUp: { p99: number; max: number };
}

const BOX = 'bench';
const OWNER = 'bench';
const GPUS = 8;
const GPU_MIB = 81_920;
const SLOTS = 8;
const BEAT_MS = 2_000;
const SETTLED_MS = 120_000;

const gpu = (index: number): Device => ({
  id: `gpu:${index}`, kind: 'gpu', name: 'a simulated GPU', uuid: null, simulated: true, memoryMiB: GPU_MIB, memoryUsedMiB: 0, foreignMemoryMiB: 0,
  utilizationPercent: 0, temperatureCelsius: null, cores: null, slots: SLOTS, backends: [], unavailable: [], processes: [], runs: [], sampledAt: null,
});

/** Ends runs one after the other until so many have followed. */
export async function measureDispatch(scope: Scope, { stores }: Stack, count: number): Promise<Dispatched> {
  const { lifecycle, queue, queueConnection, workers, boxes } = stores;
  const { scheduling, leaseMs } = loadConfig({ env: {} });
  const trouble: unknown[] = [];
  const onError = (error: unknown) => void trouble.push(error);
  const startedAt = new Date();
  const running: Run[] = [];
  const rounds: RoundTold[] = [];
  const claims: { takenAt: number; decidedAt: number }[] = [];
  let told = 0;
  /** When the latest run had ended. */
  let freeAt = Infinity;
  /** A round that has begun since then is done, and has placed nothing. */
  let isIdle = false;

  await boxes.register(BOX);
  const beat = async () => {
    await workers.beat({ id: OWNER, box: BOX, host: BOX, pid: process.pid, slots: 0, devices: Array.from({ length: GPUS }, (_, index) => gpu(index)), startedAt });
    await lifecycle.renew(OWNER, running.map(({ id }) => id));
  };
  await beat();
  scope.teardown(repeat(beat, { everyMs: BEAT_MS, onError }));

  async function claim(job: RunJob): Promise<void> {
    const takenAt = performance.now();
    const run = await lifecycle.claim(job, OWNER, { box: BOX });
    if (run === null) return; // it was handed over twice
    claims.push({ takenAt, decidedAt: performance.now() });
    running.push(run);
  }
  const consumer = consumeRuns(queueConnection, { queue: queueOfBox(BOX), concurrency: 16, lockDurationMs: 10_000, handler: claim, onError });
  scope.teardown(() => consumer.close());
  await consumer.ready();
  const dispatching = startDispatching({
    owner: OWNER, stores, leaseMs, settings: scheduling, log: pino({ level: 'warn' }),
    onRound(round) {
      rounds.push(round);
      told += round.started;
      if (round.started === 0 && performance.now() - round.wholeMs >= freeAt) isIdle = true;
    },
  });
  scope.teardown(() => dispatching.stop());

  // All that was placed is claimed, nothing more fits, and the arrivals are taken.
  freeAt = 0;
  await until(async () => isIdle && claims.length === told && (await queue.counts()).waiting === 0, { what: 'the devices to be full, and all to be heard of', deadlineMs: SETTLED_MS });

  const eventLoop = monitorEventLoopDelay({ resolution: 1 });
  const before = { rounds: rounds.length };
  const result: Dispatched = { rounds: [], taken: [], decided: [], heldUp: { p99: NaN, max: NaN } };
  eventLoop.enable();
  while (result.decided.length < count) {
    const known = claims.length;
    isIdle = false;
    freeAt = Infinity;
    await lifecycle.fail(running.shift()!, { state: 'failed', reason: 'internal', message: 'a bench does not train' });
    freeAt = performance.now();
    dispatching.freed();
    const endedAt = freeAt;
    await until(async () => claims.length === told && (isIdle || claims.length > known), { what: 'what follows a run to be claimed', deadlineMs: SETTLED_MS, everyMs: 1 });
    for (const { takenAt, decidedAt } of claims.slice(known)) {
      result.taken.push(takenAt - endedAt);
      result.decided.push(decidedAt - endedAt);
    }
  }
  eventLoop.disable();
  if (trouble.length > 0) throw trouble[0];
  result.rounds = rounds.slice(before.rounds);
  result.heldUp = { p99: eventLoop.percentile(99) / 1e6, max: eventLoop.max / 1e6 };
  return result;
}
