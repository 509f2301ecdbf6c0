// A supervisor on a real database and queue whose trainers are the misbehaving ones of test/fixtures.
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { composeStores, type Stores } from '../../../src/compose-stores.js';
import { scratchDir, trainerEnv, type Config } from '../../../src/config.js';
import { createDatasetCatalog } from '../../../src/datasets/catalog.js';
import { seedDatabase } from '../../../src/db/seed.js';
import { createRunService, type RunService } from '../../../src/runs/service.js';
import type { Run } from '../../../src/schemas/run.js';
import { startBoxMonitor, type BoxMonitor } from '../../../workers/box-monitor.js';
import { startSupervisor, type Supervisor } from '../../../workers/supervise.js';
import { testConfig, testLog } from '../../helpers/config.js';
import { until } from '../../helpers/poll.js';
import { testDatabase, type TestScope } from '../../helpers/postgres.js';

const TRAINERS = fileURLToPath(new URL('../../fixtures/trainers/', import.meta.url));

/** Small enough to plan in a millisecond; the trainers of these tests never look at it. */
export const SPEC = {
  dataset: { name: 'mnist' },
  model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }] },
  optimizer: { type: 'sgd' },
  loss: 'categoricalCrossentropy',
  fit: { batchSize: 128, epochs: 1 },
};

export interface Box {
  config: Config;
  url: string;
  stores: Stores;
  runs: RunService;
  teamId: string;
  submit(spec?: object): Promise<Run>;
  /** With the real trainer, or one of the fixtures. `program` stands for nvidia-smi; `stores` and `scratchDir` replace what this supervisor stands on. */
  supervise(trainer: string | null, changes?: { box?: string; simulatedGpus?: { count: number; memoryMiB: number }; program?: string; env?: NodeJS.ProcessEnv; stores?: Partial<Stores>; scratchDir?: string; silenceMs?: number }): Promise<Supervisor>;
  /** The run once it is in one of these states. */
  reaches(id: string, states: readonly Run['state'][]): Promise<Run>;
  ends(id: string): Promise<Run>;
  /** The kinds and states of the run's log, in order: `state:queued`, `metrics`. */
  story(id: string): Promise<string[]>;
}

export async function box(t: TestScope, changes: Partial<Config> = {}): Promise<Box> {
  const { url } = await testDatabase(t);
  const config = testConfig(t, changes);
  const log = testLog();
  const stores = composeStores(config, url, log);
  const datasets = createDatasetCatalog();
  const teamId = await seedDatabase(stores.database, datasets.list());
  const runs = createRunService({ ...stores, datasets, limits: { limitBytes: 2 ** 34 }, outlook: () => Promise.reject(new Error('nobody asks')), onReordered: () => undefined, onError: (error) => log.warn({ err: error }) });
  const supervisors: Supervisor[] = [];
  let started = 0;
  const monitors: BoxMonitor[] = [];
  t.teardown(async () => {
    for (const monitor of monitors) monitor.stop();
    await Promise.all(supervisors.map((supervisor) => supervisor.stop()));
    await stores.close();
  });

  const reaches: Box['reaches'] = (id, states) =>
    until(
      async () => {
        const run = await runs.get(teamId, id);
        return states.includes(run.state) ? run : null;
      },
      { what: `run ${id} to be ${states.join(' or ')}`, deadlineMs: 20_000 },
    );

  return {
    config,
    url,
    stores,
    runs,
    teamId,
    reaches,
    ends: (id) => reaches(id, ['succeeded', 'failed', 'cancelled']),
    submit: async (spec = SPEC) => (await runs.submit({ teamId }, spec)).run,
    async supervise(trainer, changes = {}) {
      const monitor = startBoxMonitor({ simulatedGpus: changes.simulatedGpus ?? null, cpuSlots: 2, gpuSlots: 8, cpuMemoryMiB: 65_536, probe: async () => [], program: changes.program ?? '/nowhere', mayHaveGpu: changes.program !== undefined, onRemark: (remark) => log.warn(remark), onError: (error) => log.warn({ err: error }) });
      monitors.push(monitor);
      const supervisor = await startSupervisor({
        id: `supervisor-${started++}`,
        box: changes.box ?? 'box',
        host: hostname(),
        slots: 2,
        scheduling: config.scheduling,
        leaseMs: config.leaseMs,
        cancelGraceMs: config.cancelGraceMs,
        idleMs: config.idleMs,
        silenceMs: changes.silenceMs ?? 30_000,
        scratchDir: changes.scratchDir ?? scratchDir(config),
        trainerEnv: { ...trainerEnv(), ...changes.env },
        ...(trainer === null ? {} : { trainerModule: join(TRAINERS, `${trainer}.js`) }),
        monitor,
        isWelcome: async () => true,
        onExpelled: () => undefined,
        stores: { ...stores, ...changes.stores },
        log,
      });
      supervisors.push(supervisor);
      return supervisor;
    },
    async story(id) {
      const { items } = await stores.events.read(id, { after: 0, limit: 1_000 });
      for (const [index, event] of items.entries()) if (event.seq !== index + 1) throw new Error(`event ${index + 1} has number ${event.seq}`);
      return items.map((event) => (event.kind === 'state' ? `state:${event.data.state}` : event.kind));
    },
  };
}
