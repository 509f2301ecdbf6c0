// Short runs back to back, watched, asked and deleted: what the service holds on to afterwards should not grow.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Run } from '../../src/schemas/run.js';
import { call, connectLive, ended } from '../helpers/client.js';
import { processTree } from '../helpers/processes.js';
import { redisMissing, redisServer } from '../helpers/redis.js';
import { startService, type ServiceProcess } from '../helpers/service.js';
import { formatNumber, UsageError, type Bench, type BenchResult } from './bench.js';
import { memoryMB, quantile } from './measure.js';

/** By what is measured: `api: memory`. */
type Sample = Record<string, number>;

const SPEC = { recipe: 'mnist-softmax', dataset: { take: 2_560 }, fit: { epochs: 2 }, checkpoints: { everySteps: 10 } };
const SAMPLE_EVERY_MS = 5_000;
/** Share of the time after which the first samples count: what is loaded once is loaded then. */
const WARM_UP = 1 / 6;
/** The first and the last so many of the rest are compared. */
const WINDOW = 1 / 5;

async function shortRun(address: string): Promise<void> {
  const closers: (() => void)[] = [];
  const live = await connectLive({ teardown: (close) => void closers.push(() => void close()) }, address);
  const { body: run } = await call<Run>(address, '/v1/runs', { json: SPEC });
  live.send({ type: 'subscribe', runId: run.id, after: 0 });
  const done = await ended(address, run.id);
  if (done.state !== 'succeeded') throw new Error(`run ${run.id} is ${done.state}: ${done.message}`);
  const asked = await call(address, `/v1/runs/${run.id}/predict`, { json: { instances: [Array.from({ length: 784 }, () => 0)] } });
  if (asked.status !== 200) throw new Error(`the model of run ${run.id} does not answer: ${JSON.stringify(asked.body)}`);
  for (const close of closers) close();
  const deleted = await call(address, `/v1/runs/${run.id}`, { method: 'DELETE' });
  if (deleted.status !== 204) throw new Error(`run ${run.id} was not deleted`);
}

const filesBelow = (folder: string): number => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;

/** Taken between two runs. */
async function sample(service: ServiceProcess, redis: Redis | null): Promise<Sample> {
  const root = service.process.pid ?? 0;
  const tree = processTree(root);
  const supervisor = tree.find(({ name }) => /workers\/supervisor/.test(name))?.pid ?? 0;
  const handles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
  const all = tree.reduce((sum, { pid }) => sum + memoryMB(pid), 0);
  return {
    'memory, MB: api': memoryMB(root),
    'memory, MB: supervisor': memoryMB(supervisor),
    'memory, MB: all processes': all,
    'handles: api': handles(root),
    'handles: supervisor': handles(supervisor),
    processes: tree.length,
    'files: artifacts': filesBelow(join(service.dataDir, 'artifacts')),
    'files: scratch': filesBelow(join(service.dataDir, 'scratch')),
    ...(redis === null ? {} : { 'keys in Redis': await redis.dbsize() }),
  };
}

/** Of the first window and of the last one, the medians and the highest: neither may grow. */
function compare(samples: readonly Sample[]) {
  const rest = samples.slice(Math.floor(samples.length * WARM_UP));
  const width = Math.max(1, Math.floor(rest.length * WINDOW));
  const values = (of: readonly Sample[], what: string) => of.map((one) => one[what] ?? NaN);
  return Object.keys(rest[0] ?? {}).map((what) => {
    const windows = [values(rest.slice(0, width), what), values(rest.slice(-width), what)];
    const [early, late] = windows.map((window) => quantile(window, 0.5)) as [number, number];
    const [highestEarly, highestLate] = windows.map((window) => Math.max(...window)) as [number, number];
    const allowed = what.startsWith('memory') ? 1.05 : 1;
    const growth = late === early ? 0 : late / early - 1;
    return { what, early, late, highestEarly, highestLate, growth, bar: what.startsWith('memory') ? '<= 5 %' : 'none', ok: late <= early * allowed && highestLate <= highestEarly * allowed };
  });
}

async function soak(minutes: number): Promise<BenchResult> {
  const cleanup: (() => Promise<unknown> | unknown)[] = [];
  const scope = { teardown: (work: () => Promise<void> | void) => void cleanup.push(work) };
  try {
    const redisUrl = redisMissing() === false ? (await redisServer(scope)).url : null;
    const redis = redisUrl === null ? null : new Redis(redisUrl);
    if (redis !== null) cleanup.push(() => redis.disconnect());
    const service = await startService(scope, { TRAINYARD_LOG_LEVEL: 'warn', ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }) });
    const samples: Sample[] = [];
    const until = performance.now() + minutes * 60_000;
    let runs = 0;
    let sampledAt = -Infinity;
    while (performance.now() < until) {
      await shortRun(service.address);
      runs += 1;
      if (performance.now() - sampledAt < SAMPLE_EVERY_MS) continue;
      await delay(500); // the trainer's process and its folder go after the end is told
      samples.push(await sample(service, redis));
      sampledAt = performance.now();
    }
    const rows = compare(samples);
    const table = rows.map(({ what, early, late, highestEarly, highestLate, growth, bar, ok }) => [what, { early: formatNumber(early), late: formatNumber(late), 'highest early': formatNumber(highestEarly), 'highest late': formatNumber(highestLate), growth: `${formatNumber(growth * 100)} %`, bar, '': ok ? 'ok' : 'FALLS SHORT' }]);
    console.log(`${runs} runs in ${minutes} minutes, ${samples.length} samples`);
    return { rows: rows.map((one) => ({ ...one, runs, minutes, samples: samples.map((sample) => sample[one.what] ?? NaN) })), tables: [Object.fromEntries(table)] };
  } finally {
    for (const work of cleanup.reverse()) await work();
  }
}

export const soakBench: Bench = {
  options: { minutes: { type: 'string', default: '30' } },
  async run({ minutes }) {
    const count = Number(minutes);
    if (!(count > 0)) throw new UsageError('--minutes is a number above 0');
    return soak(count);
  },
};
