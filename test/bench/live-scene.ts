// One scene of the live bench: runs that report, readers that watch, what came when, and what it cost the API.
import type { Run } from '../../src/schemas/run.js';
import { startHelper, type Helper } from './helper.js';
import type { ClientAnswer, ClientQuestion } from './live-clients.js';
import type { ReaderOptions } from './live-reader.js';
import type { WriteAnswer, WriteQuestion } from './live-worker.js';
import { memoryMB } from './measure.js';
import { processMs } from './other-work.js';
import type { Scope } from './scope.js';
import { startRun, type Stack } from './stack.js';

export interface Cast {
  stack: Stack;
  clients: Helper<ClientQuestion, ClientAnswer | null>;
  /** In a process of their own, so that what they read late costs the others nothing but the service's time. */
  slowClients: Helper<ClientQuestion, ClientAnswer | null>;
  worker: Helper<WriteQuestion, WriteAnswer>;
}

export function gatherCast(scope: Scope, stack: Stack): Cast {
  const clients = () => startHelper<ClientQuestion, ClientAnswer | null>(scope, './live-clients.js');
  return { stack, clients: clients(), slowClients: clients(), worker: startHelper(scope, './live-worker.js') };
}

export interface Scene {
  runs: number;
  /** Of each run. */
  readers: number;
  /** How many of all readers are slow. */
  slow: number;
  /** What a run's trainer reports, and how often. */
  everyMs: number;
  steps: number;
  seconds: number;
  /** A long run that slow readers have to read besides. */
  backlog: { id: string; head: number };
}

export interface SceneResult extends ClientAnswer {
  /** Of one core, in percent. */
  cpu: number;
  memoryMB: number;
}

export async function play({ stack, clients, slowClients, worker }: Cast, { runs: runCount, readers: perRun, slow, seconds, everyMs, steps, backlog }: Scene): Promise<SceneResult> {
  const runs: Run[] = [];
  for (let index = 0; index < runCount; index += 1) runs.push(await startRun(stack, `watched ${index}`));
  const { address, process: api } = stack.api;
  const readers = runs.flatMap(({ id }) => Array.from({ length: perRun }, (): ReaderOptions => ({ address, subscriptions: [{ runId: id, after: 'now' }] })));
  for (let index = 0; index < slow; index += 1) {
    const reader = readers[Math.floor((index * readers.length) / slow)]!;
    reader.isSlow = true;
    reader.subscriptions.push({ runId: backlog.id, after: 0 });
  }
  const groups = [{ of: clients, readers: readers.filter(({ isSlow }) => isSlow !== true) }, { of: slowClients, readers: readers.filter(({ isSlow }) => isSlow === true) }];
  for (const { of, readers } of groups) await of.ask({ type: 'watch', readers });
  const pid = api.pid ?? 0;
  const cpuBefore = processMs(pid);
  const begun = performance.now();
  const heads = await worker.ask({ address: stack.address, runs: runs.map(({ id, head }) => ({ id, head })), seconds, everyMs, steps });
  const cpu = (100 * (processMs(pid) - cpuBefore)) / (performance.now() - begun);
  const memory = memoryMB(pid);
  heads.set(backlog.id, backlog.head);
  const counted = await Promise.all(groups.map(({ of }) => of.ask({ type: 'count', heads })));
  const [prompt, late] = counted;
  if (prompt == null || late == null) throw new Error('the clients did not count');
  return { ...prompt, lost: prompt.lost + late.lost, doubled: prompt.doubled + late.doubled, lagging: prompt.lagging + late.lagging, cpu, memoryMB: memory };
}
