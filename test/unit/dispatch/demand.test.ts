// What runs ask of devices, and what they are believed to take.
import t from 'tap';
import { demandOf, expectedMsOf, kindFor, requestOf, shapeOf, type Demand } from '../../../src/dispatch/demand.js';
import type { PlacedRow } from '../../../src/dispatch/placements.js';
import { runningRun } from '../../../src/dispatch/situation.js';
import type { Plan } from '../../../src/schemas/plan.js';
import type { RunSpec } from '../../../src/schemas/spec.js';

const MIB = 2 ** 20;
const PLAN = { memory: { totalBytes: 100.5 * MIB }, flops: 1e6 } as Plan;
const SPEC: RunSpec = {
  dataset: { name: 'mnist' }, model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10 }] }, optimizer: { type: 'adam' }, loss: 'categoricalCrossentropy', fit: { batchSize: 64, epochs: 2 },
};
const BOTH = { gpu: 4_000, cpu: 8_000 };
const asked = (resources: RunSpec['resources']): Demand => demandOf({ ...SPEC, ...(resources === undefined ? {} : { resources }) }, PLAN);

t.test('a spec that says nothing may train anywhere, beside others', async (t) => {
  t.strictSame(asked(undefined), { device: 'auto', gpus: 1, exclusive: false, memoryMiB: null, estimateMiB: 101, flops: 1e6, stepExamples: 64, maxRuntimeSeconds: null });
  t.equal(kindFor(asked(undefined), BOTH), 'gpu', 'on a GPU where there is one');
  t.equal(kindFor(asked(undefined), { gpu: null, cpu: 8_000 }), 'cpu');
  t.equal(kindFor(asked({ device: 'gpu' }), { gpu: null, cpu: 8_000 }), 'gpu', 'who asks for one waits for one');
  t.equal(kindFor(asked({ memoryMiB: 5_000 }), BOTH), 'cpu', 'one that no GPU can hold need not wait for it');
});

t.test('what has trained stays with its kind of device, as long as there is one', async (t) => {
  t.equal(kindFor(asked(undefined), BOTH, { before: 'cpu' }), 'cpu');
  t.equal(kindFor(asked(undefined), BOTH, { before: 'gpu' }), 'gpu');
  t.equal(kindFor(asked(undefined), { gpu: null, cpu: 8_000 }, { before: 'gpu' }), 'cpu');
});

t.test('margins alone keep no run from a device that it fits on', async (t) => {
  const measured = { peakMiB: 3_900, examplesPerSecond: null, startupMs: null };
  t.equal(requestOf(asked(undefined), 'gpu', measured, 4_000).memoryMiB, 4_000, 'what was there before is there again, alone');
  t.equal(requestOf(asked(undefined), 'gpu', { ...measured, peakMiB: 4_100 }, 4_000).memoryMiB, 4_000, 'with more than the rest of its box is told to have');
  t.ok(requestOf(asked(undefined), 'gpu', { ...measured, peakMiB: 12_000 }, 4_000).memoryMiB > 12_000, 'but not where it is known not to fit');
  t.equal(kindFor(asked(undefined), BOTH, { measured: { ...measured, peakMiB: 12_000 } }), 'cpu');
  t.equal(requestOf(asked(undefined), 'gpu', undefined, 500).memoryMiB, 500, 'an estimate gets a try');
  t.equal(requestOf(asked(undefined), 'gpu', undefined, 50).memoryMiB, 801, 'but not where it cannot fit');
  t.equal(requestOf(asked({ memoryMiB: 9_000 }), 'gpu', measured, 4_000).memoryMiB, 9_000, 'what the spec says goes');
});

t.test('a backend that computes on one kind of device alone says which', async (t) => {
  for (const [backend, device] of [['wasm', 'cpu'], ['cpu', 'cpu'], ['webgpu', 'gpu'], ['tensorflow', 'auto'], ['auto', 'auto']] as const) t.equal(asked({ backend }).device, device, backend);
  t.equal(asked({ backend: 'tensorflow', device: 'cpu' }).device, 'cpu', 'unless the spec does');
});

t.test('memory is what the spec says, else what was measured and a tenth, else the estimate and a process', async (t) => {
  const measured = { peakMiB: 500, examplesPerSecond: null, startupMs: null };
  t.equal(requestOf(asked({ memoryMiB: 7 }), 'gpu', measured).memoryMiB, 7);
  t.equal(requestOf(asked(undefined), 'gpu', measured).memoryMiB, 550);
  t.equal(requestOf(asked(undefined), 'gpu', { ...measured, peakMiB: null }).memoryMiB, 801);
  t.equal(requestOf(asked(undefined), 'cpu').memoryMiB, 401);
});

t.test('several GPUs are several GPUs, and one processor', async (t) => {
  t.match(requestOf(asked({ gpus: 3, exclusive: true }), 'gpu'), { kind: 'gpu', devices: 3, exclusive: true });
  t.match(requestOf(asked({ gpus: 3 }), 'cpu'), { kind: 'cpu', devices: 1 });
});

t.test('how long it takes is what is left at the speed that was measured, and a start', async (t) => {
  const measured = { peakMiB: null, examplesPerSecond: 6_400, startupMs: 1_500 };
  t.equal(expectedMsOf(asked(undefined), 'cpu', { step: 100, totalSteps: 300 }, measured), 1_500 + (200 * 64 * 1000) / 6_400);
  t.equal(expectedMsOf(asked(undefined), 'cpu', { step: 300, totalSteps: 300 }, measured), 1_500, 'nothing left');
  t.equal(expectedMsOf(asked(undefined), 'cpu', { step: 0, totalSteps: 100 }), 3_000 + (100 * 64 * 1000 * 3e6) / 1e10, 'by its operations where nothing was measured');
  t.ok(expectedMsOf(asked(undefined), 'gpu', { step: 0, totalSteps: 100 }) < expectedMsOf(asked(undefined), 'cpu', { step: 0, totalSteps: 100 }));
});

t.test('runs of one shape differ in what costs neither memory nor speed', async (t) => {
  const shape = shapeOf(SPEC);
  const same: Partial<RunSpec>[] = [{ name: 'x' }, { tags: ['y'] }, { priority: 3 }, { fit: { ...SPEC.fit, epochs: 9, seed: 1 } }, { optimizer: { type: 'adam', learningRate: 0.5 } }, { resources: { memoryMiB: 9 } }];
  const other: Partial<RunSpec>[] = [{ fit: { ...SPEC.fit, batchSize: 65 } }, { optimizer: { type: 'sgd' } }, { model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 11 }] } }, { engine: 'eager' }, { dataset: { name: 'mnist', take: 5 } }, { resources: { backend: 'wasm' } }];
  for (const change of same) t.equal(shapeOf({ ...SPEC, ...change }), shape, JSON.stringify(change));
  for (const change of other) t.not(shapeOf({ ...SPEC, ...change }), shape, JSON.stringify(change));
});

t.test('a run uses its time from its start, not while a place is kept for it', async (t) => {
  const demand: Demand = { device: 'auto', gpus: 1, exclusive: false, memoryMiB: null, estimateMiB: 100, flops: 1, stepExamples: 1, maxRuntimeSeconds: 60 };
  const at = new Date(1_000_000);
  const row: PlacedRow = {
    id: 'run', attempt: 1, teamId: 'team', userId: 'user', priority: 0, queuedAt: at, demand, shape: null, step: 0, totalSteps: 1, deviceIds: ['cpu'], state: 'running', box: 'box', memoryMiB: 1,
    placedAt: at, placedAgoMs: 0, runningAt: null, startedAt: at, examplesPerSecond: null, aged: false, lentBy: null, leaving: null, usedBeforeMs: 59_000,
  };
  const context = { now: 2_000_000, largest: { gpu: null, cpu: 100 }, measured: new Map() };
  t.equal(runningRun(row, context).endsBy, 1_001_000, 'what is left of it after earlier attempts');
  t.equal(runningRun({ ...row, state: 'queued' }, context).endsBy, null);
});
