// Everything that the API's routes are given, in memory: the real services over fake repositories.
import { pino } from 'pino';
import { createDatasetCatalog } from '../../src/datasets/catalog.js';
import { ServiceError } from '../../src/errors.js';
import type { Worker, WorkerRepository } from '../../src/devices/worker-repository.js';
import { createLedgerService } from '../../src/ledger/service.js';
import { createLiveHub } from '../../src/live/hub.js';
import { findRecipe, RECIPES } from '../../src/recipes/catalog.js';
import { createLifecycle } from '../../src/runs/lifecycle.js';
import { createRunService } from '../../src/runs/service.js';
import { storable } from '../../src/db/storable-text.js';
import type { QueueOutlook } from '../../src/schemas/queue.js';
import type { Services } from '../../src/services.js';
import { createUsageService } from '../../src/usage/service.js';
import { createFakeArtifactRepository, FakeArtifactStore } from './artifacts.js';
import { FakeLedgerRepository } from './ledger.js';
import { createFakeEventLog, createFakeMetricRepository } from './event-log.js';
import { FakeQueue, SilentBus } from './queue.js';
import { FakeRecords } from './records.js';
import { FakeDisk, createFakeUsageRepository } from './usage.js';
import { createFakeIdentity } from './identity.js';
import { createFakeRunRepository } from './run-repository.js';

export const TEAM = '01890000-0000-7000-8000-0000000000ff';

export type FakeServices = ReturnType<typeof createFakeServices>;

export function createFakeServices({ now = Date.now }: { now?: () => number } = {}) {
  const records = new FakeRecords(now);
  const queue = new FakeQueue();
  const bus = new SilentBus();
  const store = new FakeArtifactStore();
  const runRepository = createFakeRunRepository(records);
  const events = createFakeEventLog(records);
  const artifacts = createFakeArtifactRepository(records);
  const datasets = createDatasetCatalog();
  const workers = new FakeWorkerRepository();
  const disk = new FakeDisk();
  const ledger = new FakeLedgerRepository(records);
  const log = pino({ level: 'silent' });
  const onError = (error: unknown, what: string) => void failures.push({ error, what });
  const failures: { error: unknown; what: string }[] = [];
  const lifecycle = createLifecycle({ runs: runRepository, queue, bus, leaseMs: 15_000, maxAttempts: 3, onError });
  const usage = createFakeUsageRepository(records);
  const services: Services = {
    runs: createRunService({ runs: runRepository, artifacts, events, store, queue, bus, lifecycle, datasets, limits: { limitBytes: 8 * 2 ** 30 }, usage, outlook: async () => OUTLOOK, onReordered: () => undefined, onError }),
    metrics: createFakeMetricRepository(records),
    events,
    artifacts,
    store,
    datasets,
    // Each byte tells the index.
    pictures: { read: async (_dataset, _split, indices) => indices.map((index) => new Uint8Array(784).fill(index % 256)) },
    recipes: { list: () => [...RECIPES], find: findRecipe },
    queue: createFakeQueueService(),
    workers,
    boxes: createFakeBoxes(),
    hub: createLiveHub({ events, bus, findRun: (id) => runRepository.find(TEAM, id), log }),
    predict: { predict: () => Promise.reject(new ServiceError('model_not_ready')), close: async () => {} },
    usage: createUsageService({ usage, disk }),
    ledger: createLedgerService({ ledger, now: records.now }),
    health: [
      { name: 'database', ping: () => records.statement() },
      { name: 'queue', ping: () => queue.ping() },
      { name: 'bus', ping: () => bus.ping() },
    ],
    ...createFakeIdentity(records, TEAM),
  };
  return { services, records, queue, bus, store, workers, disk, ledger, lifecycle, runRepository, events, artifacts, failures };
}

const OUTLOOK: QueueOutlook = { position: 1, positionInTeam: 1, reason: { code: 'starting', message: 'It starts in a moment.' }, estimatedStart: { likely: null, earliest: null, latest: null }, wouldStart: [] };

/** An empty one. */
function createFakeQueueService(): Services['queue'] {
  return {
    forget: () => undefined,
    list: async () => ({ team: { share: 1, used: 0, leftTodaySeconds: null }, items: [], waiting: 0, running: 0, asOf: new Date(0).toISOString(), accuracy: { count: 0, medianErrorSeconds: null, withinInterval: null } }),
    get: async ({ id, state }) => (state === 'queued' ? OUTLOOK : Promise.reject(new ServiceError('run_not_queued', id))),
    plan: async () => OUTLOOK,
  };
}

/** One box, which nothing changes. */
function createFakeBoxes(): Services['boxes'] {
  const box = { name: 'box', phase: 'open', alive: true, runs: 0, hasToken: false, createdAt: new Date(0).toISOString() } as const;
  const get = async (name: string) => (name === box.name ? box : Promise.reject(new ServiceError('not_found')));
  return { list: async () => [box], get, create: async (name) => ({ ...box, name, token: 'tyw' }), tell: async (name, phase) => ({ ...(await get(name)), phase: phase as 'open' }), remove: async (name) => void (await get(name)) };
}

export class FakeWorkerRepository implements WorkerRepository {
  readonly workers = new Map<string, Worker>();

  async beat(worker: Omit<Worker, 'heartbeatAt'>): Promise<void> {
    this.workers.set(worker.id, structuredClone({ ...worker, devices: storable(worker.devices), heartbeatAt: new Date() }));
  }

  async remove(id: string): Promise<void> {
    this.workers.delete(id);
  }

  async listAlive(withinMs: number): Promise<Worker[]> {
    const alive = [...this.workers.values()].filter((worker) => worker.heartbeatAt.getTime() > Date.now() - withinMs);
    return structuredClone(alive.sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime()));
  }

  async forgetSilent(forMs: number): Promise<void> {
    for (const { id, heartbeatAt } of [...this.workers.values()]) if (heartbeatAt.getTime() <= Date.now() - forMs) this.workers.delete(id);
  }
}
