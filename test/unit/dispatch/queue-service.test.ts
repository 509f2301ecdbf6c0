// What is told of runs that wait, or would: as the scheduler would have them.
import t from 'tap';
import type { Device } from '../../../src/devices/worker-repository.js';
import { demandOf, shapeOf, type Measured } from '../../../src/dispatch/demand.js';
import { outlook } from '../../../src/dispatch/outlook.js';
import { measureKey, type PlacedRow, type WaitingRow } from '../../../src/dispatch/placements.js';
import { createQueueService } from '../../../src/dispatch/queue-service.js';
import { DEFAULT_SETTINGS } from '../../../src/scheduler/state.js';
import type { Plan } from '../../../src/schemas/plan.js';
import type { RunSpec } from '../../../src/schemas/spec.js';
import { testDevice } from '../../fakes/devices.js';

const NOW = Date.UTC(2026, 0, 1, 12);
const MIB = 2 ** 20;
const SPEC: RunSpec = {
  dataset: { name: 'mnist' }, model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10 }] }, optimizer: { type: 'adam' }, loss: 'categoricalCrossentropy', fit: { batchSize: 64, epochs: 2 },
};
/** By the estimate it needs 900 MiB, and on the CPU 300 more for its process. */
const PLAN = { memory: { totalBytes: 900 * MIB, activationsBytes: 0 }, flops: 1e6, totalSteps: 100 } as Plan;
const ON_CPU: RunSpec = { ...SPEC, resources: { device: 'cpu' } };

const common = { attempt: 0, teamId: 'team', userId: 'anna', priority: 0, queuedAt: new Date(NOW - 60_000), shape: shapeOf(SPEC), step: 0, totalSteps: 100, deviceIds: [] };
const waits = (id: string): WaitingRow => ({ ...common, id, demand: demandOf(SPEC, PLAN), linedUpAt: null, promisedAt: null, version: '1' });
const holdsGpu: PlacedRow = {
  ...common, id: 'holds', attempt: 1, demand: { ...demandOf(SPEC, PLAN), exclusive: true }, deviceIds: ['gpu:0'], state: 'running', box: 'box', memoryMiB: 2_000, placedAt: new Date(NOW - 5_000), placedAgoMs: 5_000,
  runningAt: new Date(NOW - 5_000), startedAt: new Date(NOW - 5_000), examplesPerSecond: null, aged: false, lentBy: null, leaving: null, usedBeforeMs: 0,
};

/** A box whose GPU is taken, and whose CPU has so much memory. */
function service({ cpuMiB, waiting = [], measured = new Map(), gpuSecondsPerDay = null }: { cpuMiB: number; waiting?: WaitingRow[]; measured?: ReadonlyMap<string, Measured>; gpuSecondsPerDay?: number | null }) {
  const devices: Device[] = [testDevice({ id: 'gpu:0', kind: 'gpu', memoryMiB: 16_000, simulated: true }), testDevice({ memoryMiB: cpuMiB })];
  const worker = { id: 'worker', box: 'box', host: 'box', pid: 1, slots: 1, devices, startedAt: new Date(0), heartbeatAt: new Date(NOW) };
  return createQueueService({
    placements: { waiting: async () => waiting, placed: async () => [holdsGpu], teams: async () => [{ id: 'team', weight: 1, maxRuns: null, gpuSecondsPerDay }], measured: async () => new Map(measured) },
    workers: { listAlive: async () => [worker] },
    boxes: { phases: async () => new Map() },
    usageOf: async () => ({ decayed: new Map(), today: new Map([['team', 30_000]]), turns: new Map(), storage: new Map() }),
    estimates: { accuracy: async () => ({ count: 0, medianErrorSeconds: null, withinInterval: null }), calibration: async () => ({ count: 0, p10: 1, p50: 1, p90: 1 }) },
    outlooker: { ask: async (question) => outlook(question), close: async () => undefined },
    findPlan: async () => PLAN,
    leaseMs: 10_000,
    scheduling: DEFAULT_SETTINGS,
    now: () => NOW,
  });
}

t.test('a run would start on the CPU where it does when it asks for it', async (t) => {
  const measured = new Map([[measureKey(shapeOf(SPEC), 'cpu'), { peakMiB: 2_000, examplesPerSecond: null, startupMs: null }]]);
  for (const { scene, memoryMiB } of [
    { scene: { cpuMiB: 8_000 }, memoryMiB: 1_200 },
    { scene: { cpuMiB: 1_000 }, memoryMiB: 1_000 },
    { scene: { cpuMiB: 8_000, measured }, memoryMiB: 2_200 },
    { scene: { cpuMiB: 1_500, measured }, memoryMiB: null },
  ]) {
    const wouldStart = memoryMiB === null ? [] : [{ type: 'cpu', message: 'on the CPU', memoryMiB }];
    t.same((await service({ ...scene, waiting: [waits('any')] }).get({ id: 'any', state: 'queued' })).wouldStart, wouldStart, `of ${scene.cpuMiB} MiB${'measured' in scene ? ', where it is known to take 2000' : ''}`);
    const { plan } = service(scene);
    t.same((await plan({ teamId: 'team' }, SPEC, PLAN)).wouldStart, wouldStart, 'also before it is submitted');
    t.equal((await plan({ teamId: 'team' }, ON_CPU, PLAN)).reason.code, memoryMiB === null ? 'too_large' : 'starting');
  }
});

t.test('a run that is planned stands as one that was submitted now', async (t) => {
  const row: WaitingRow = { ...waits('ffffffff-ffff-ffff-ffff-ffffffffffff'), userId: 'ben', queuedAt: new Date(NOW) };
  const others = [waits('first')];
  const { get } = service({ cpuMiB: 100, waiting: [...others, row] });
  t.same(await service({ cpuMiB: 100, waiting: others }).plan({ teamId: 'team', userId: 'ben' }, SPEC, PLAN), await get({ id: row.id, state: 'queued' }));
});

t.test('of its time on devices a team has left what it has not used', async (t) => {
  const list = async (gpuSecondsPerDay: number | null) => (await service({ cpuMiB: 100, gpuSecondsPerDay }).list('team', 10)).team.leftTodaySeconds;
  t.equal(await list(100), 70);
  t.equal(await list(20), 0);
  t.equal(await list(null), null);
});
