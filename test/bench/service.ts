// What the service costs: start, memory at rest, submission to first batch, event latency, and training
// throughput beside the bare loop.
import { fork } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EventOf } from '../../src/schemas/event.js';
import type { Run } from '../../src/schemas/run.js';
import { call, connectLive } from '../helpers/client.js';
import { until } from '../helpers/poll.js';
import { processTree } from '../helpers/processes.js';
import { startService, type ServiceProcess } from '../helpers/service.js';
import { rowsTable, type Bench } from './bench.js';
import { memoryMB, quantile, row, type BenchRow } from './measure.js';
import { inScope, type Scope } from './scope.js';

/** Many short rounds, one beside the other: a machine's speed wanders by a fifth within a minute. */
const ROUNDS = 7;
const EPOCHS = 2;
const RECIPES = ['mnist-softmax', 'mnist-relu'];
const BARE_LOOP = fileURLToPath(new URL('./bare-loop.js', import.meta.url));

async function bareSpeeds(recipe: string): Promise<number[]> {
  const child = fork(BARE_LOOP, [], { serialization: 'advanced' });
  const answer = new Promise<number[]>((resolve, reject) => {
    child.once('message', (speeds) => resolve(speeds as number[]));
    child.once('exit', (code) => reject(new Error(`the bare loop exited with ${code}`)));
  });
  child.send({ recipe, epochs: EPOCHS, ruledOut: [] });
  return answer;
}

/** Trains through the service; answers speeds of epochs and the delays, in ms, of events and of the first batch. */
async function throughService(service: ServiceProcess, recipe: string, scope: Scope) {
  const live = await connectLive(scope, service.address);
  const submittedAt = Date.now();
  const { body: run } = await call<Run>(service.address, '/v1/runs', { json: { recipe, fit: { epochs: EPOCHS } } });
  live.send({ type: 'subscribe', runId: run.id, after: 0 });
  // Told by the stream alone: asking for the run again and again would be work that no watcher gives the service.
  const state = () => live.events(run.id).findLast((event): event is EventOf<'state'> => event.kind === 'state')?.data.state;
  await until(() => state() === 'succeeded' || state() === 'failed', { what: `run ${run.id} to end`, deadlineMs: 600_000, everyMs: 100 });
  if (state() === 'failed') throw new Error(`run ${run.id} failed`);
  live.close();
  const events = live.events(run.id);
  const arrivedAt = new Map(live.messages.map((message, index) => [message.seq, live.arrivals[index] ?? NaN]));
  const measured = events.filter((event) => event.kind === 'metrics' || event.kind === 'epoch');
  const first = events.find((event) => event.kind === 'metrics');
  return {
    speeds: events.filter((event): event is EventOf<'epoch'> => event.kind === 'epoch').map((event) => event.data.examplesPerSecond),
    delays: measured.map((event) => (arrivedAt.get(event.seq) ?? NaN) - Date.parse(event.at)),
    firstBatchMs: Date.parse(first?.at ?? '') - submittedAt,
  };
}

async function starts(): Promise<BenchRow[]> {
  const cold: number[] = [];
  const warm: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    await inScope(async (scope) => {
      const dataDir = mkdtempSync(join(tmpdir(), 'trainyard-bench-'));
      scope.teardown(() => rm(dataDir, { recursive: true, force: true }));
      for (const times of [cold, warm]) {
        const begun = performance.now();
        const service = await startService(scope, { TRAINYARD_DATA_DIR: dataDir });
        times.push((performance.now() - begun) / 1000);
        await service.stop();
      }
    });
  }
  return [row('start to ready, first time', cold, 's', { atMost: 6 }), row('start to ready, again', warm, 's', { atMost: 6 })];
}

/** Of the service's own process, of the supervisor and of everything else, which is the database. */
async function memoryAtRest(service: ServiceProcess): Promise<BenchRow[]> {
  await until(async () => (await call<{ items: unknown[] }>(service.address, '/v1/devices')).body.items.length > 0, { what: 'the devices to be probed', deadlineMs: 60_000 });
  await delay(3_000); // rest: nothing to wait for, the point is that nothing happens
  const root = service.process.pid ?? 0;
  const kindOf = (pid: number, name: string) => (pid === root ? 'api' : /workers\/supervisor/.test(name) ? 'supervisor' : 'database and its keepers');
  const sums = new Map<string, number>();
  for (const { pid, name } of processTree(root)) sums.set(kindOf(pid, name), (sums.get(kindOf(pid, name)) ?? 0) + memoryMB(pid));
  const total = [...sums.values()].reduce((sum, value) => sum + value, 0);
  return [...[...sums].map(([kind, value]) => row(`memory at rest: ${kind}`, [value], 'MB')), row('memory at rest: all', [total], 'MB', { atMost: 400 })];
}

async function throughput(scope: Scope): Promise<BenchRow[]> {
  const service = await startService(scope);
  const rows = await memoryAtRest(service);
  const firstBatch: number[] = [];
  const delays: number[] = [];
  for (const recipe of RECIPES) {
    const inService: number[] = [];
    const bare: number[] = [];
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = round % 2 === 0 ? null : await bareSpeeds(recipe);
      const through = await throughService(service, recipe, scope);
      const alone = before ?? (await bareSpeeds(recipe));
      firstBatch.push(through.firstBatchMs);
      delays.push(...through.delays);
      inService.push(...through.speeds);
      bare.push(...alone);
      ratios.push(quantile(through.speeds, 0.5) / quantile(alone, 0.5));
    }
    rows.push(row(`${recipe}: in the service`, inService, 'examples/s'), row(`${recipe}: the bare loop`, bare, 'examples/s'), row(`${recipe}: service / bare`, ratios, 'ratio', { atLeast: 0.95 }));
  }
  rows.push(row('submission to first batch', firstBatch, 'ms'));
  rows.push({ what: 'event, worker to client: p50', median: quantile(delays, 0.5), min: Math.min(...delays), max: Math.max(...delays), unit: 'ms' });
  rows.push({ what: 'event, worker to client: p95', median: quantile(delays, 0.95), min: Math.min(...delays), max: Math.max(...delays), unit: 'ms' });
  return rows;
}

export const serviceBench: Bench = {
  options: {},
  async run() {
    const rows = [...(await starts()), ...(await inScope(throughput))];
    return { rows, tables: [rowsTable(rows)] };
  },
};
