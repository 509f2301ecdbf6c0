// What a run asks of devices, from its spec and plan; and what it is likely to take, from what runs of the same
// shape took. Pure.
import { createHash } from 'node:crypto';
import type { Request } from '../scheduler/state.js';
import type { DeviceKind } from '../schemas/device-kind.js';
import type { Plan } from '../schemas/plan.js';
import type { Backend, RunSpec } from '../schemas/spec.js';
import { deviceMismatch } from '../ml/engines/backend-device.js';

/** Kept with each run, so that ten thousand of them are read without their specs. */
export interface Demand {
  /** `auto` is a GPU where any box has one, else the processor. */
  device: 'auto' | DeviceKind;
  gpus: number;
  exclusive: boolean;
  /** Of each device; null where it is to be measured or estimated. */
  memoryMiB: number | null;
  /** By the plan. */
  estimateMiB: number;
  /** Of one example's forward pass. */
  flops: number;
  /** Examples in a step. */
  stepExamples: number;
  maxRuntimeSeconds: number | null;
}

/** What runs of the same shape took on a kind of device. */
export interface Measured {
  peakMiB: number | null;
  examplesPerSecond: number | null;
  startupMs: number | null;
}

const MIB = 1024 * 1024;
/** A trainer's process beside its tensors: Node with an engine; with CUDA's context and workspaces on a GPU. */
const OVERHEAD_MIB: Readonly<Record<DeviceKind, number>> = { cpu: 300, gpu: 700 };
/** Two readings of one thing differ by so much: of what a process has, and of what its device has. */
const READING_TOLERANCE = 1.05;
/** A peak is seen once a second, and may have been higher in between. */
const PEAK_MARGIN = 1.1;
/** What a device does in training, in operations a second, until it was measured; modest, since small models dominate. */
const ASSUMED_FLOPS: Readonly<Record<DeviceKind, number>> = { cpu: 1e10, gpu: 1e12 };
const ASSUMED_STARTUP_MS = 3_000;
/** A backward pass costs two forward ones. */
const PASSES = 3;

export function demandOf(spec: RunSpec, plan: Plan): Demand {
  const { device = 'auto', backend = 'auto', gpus = 1, exclusive = false, memoryMiB = null, maxRuntimeSeconds = null } = spec.resources ?? {};
  return {
    device: device === 'auto' && backend !== 'auto' ? deviceOf(backend) : device,
    gpus,
    exclusive,
    memoryMiB,
    estimateMiB: Math.ceil(plan.memory.totalBytes / MIB),
    flops: plan.flops,
    stepExamples: spec.fit.batchSize,
    maxRuntimeSeconds,
  };
}

function deviceOf(backend: Backend): Demand['device'] {
  if (deviceMismatch(backend, 'gpu') !== null) return 'cpu';
  return deviceMismatch(backend, 'cpu') === null ? 'auto' : 'gpu';
}

/** Equal where memory and speed are expected to be: the same model, batch, optimizer, engine and data. */
export function shapeOf({ model, optimizer, loss, fit, dataset, engine, resources }: RunSpec): string {
  const { name, take, validation } = dataset;
  const facts = { model, optimizer: optimizer.type, loss, batchSize: fit.batchSize, data: { name, take, validation }, engine, backend: resources?.backend };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
}

/** The most memory that a device of each kind has when it is empty, in any box that is known; null where there is none. */
export type Largest = Readonly<Record<DeviceKind, number | null>>;

/**
 * What may train anywhere goes on a GPU where there is one that can hold it. What has trained stays with its kind: on
 * another its numbers would be others.
 * @param before the kind that it has trained on
 */
export function kindFor(demand: Demand, largest: Largest, { before = null, measured }: { before?: DeviceKind | null; measured?: Measured | undefined } = {}): DeviceKind {
  if (demand.device !== 'auto') return demand.device;
  if (largest.gpu === null) return 'cpu';
  if (before !== null) return before;
  return requestOf(demand, 'gpu', measured, largest.gpu).memoryMiB <= largest.gpu ? 'gpu' : 'cpu';
}

/** @param largestMiB the most that any device of the kind has, when it is empty */
export function requestOf(demand: Demand, kind: DeviceKind, measured?: Measured, largestMiB = Infinity): Request {
  const measuredMiB = measured?.peakMiB ?? null;
  // What has been there fits there, and what may fit gets a try: margins alone keep nobody out. It is alone then.
  const mayFit = measuredMiB === null ? demand.estimateMiB <= largestMiB : measuredMiB <= largestMiB * READING_TOLERANCE;
  const wanted = measuredMiB === null ? demand.estimateMiB + OVERHEAD_MIB[kind] : Math.ceil(measuredMiB * PEAK_MARGIN);
  const memoryMiB = demand.memoryMiB ?? (mayFit ? Math.min(wanted, largestMiB) : wanted);
  return { kind, devices: kind === 'gpu' ? demand.gpus : 1, memoryMiB, exclusive: demand.exclusive };
}

export interface Progress {
  step: number;
  totalSteps: number;
}

/** Milliseconds that a run takes from here, its start included, or as long as it may take in all. */
export function expectedMsOf(demand: Demand, kind: DeviceKind, { step, totalSteps }: Progress, measured?: Measured): number {
  const examplesPerSecond = measured?.examplesPerSecond ?? ASSUMED_FLOPS[kind] / (PASSES * Math.max(1, demand.flops));
  const steps = Math.max(0, totalSteps - step);
  const longest = demand.maxRuntimeSeconds === null ? Infinity : 1000 * demand.maxRuntimeSeconds;
  return Math.min(longest, (measured?.startupMs ?? ASSUMED_STARTUP_MS) + (1000 * steps * demand.stepExamples) / examplesPerSecond);
}
