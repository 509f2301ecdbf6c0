// Devices that runs are trained on, as the API shows them.
import { Type, type Static, type TSchema } from 'typebox';
import { oneOf, page, ref, strictObject } from './build.js';
import { DEVICE_KINDS } from './device-kind.js';
import { RunId } from './run.js';

const orNull = <T extends TSchema>(type: T, description: string) => Type.Union([type, Type.Null()], { description });

export const DeviceWorker = strictObject(
  {
    id: Type.String({ description: 'Unique among living supervisors.' }),
    box: Type.String({ description: 'Name of the box.' }),
    host: Type.String({ description: 'What the box calls itself.' }),
    slots: Type.Integer({ minimum: 0, description: 'Runs that it trains at once.' }),
    startedAt: Type.String({ format: 'date-time', description: 'When it started.' }),
    heartbeatAt: Type.String({ format: 'date-time', description: 'When it was last heard of.' }),
  },
  { $id: 'DeviceWorker', description: 'The supervisor of a box.' },
);
export type DeviceWorker = Static<typeof DeviceWorker>;

const UnavailableBackend = strictObject({
  backend: Type.String({ description: 'Name of the backend.' }),
  reason: Type.String({ description: 'Why it cannot train here.' }),
});

const ForeignProcess = strictObject({
  pid: Type.Integer({ description: 'Its number on its box.' }),
  name: Type.String({ description: 'Its program.' }),
  memoryMiB: orNull(Type.Integer(), 'What it holds of the memory; null when unknown.'),
});

const DeviceRun = strictObject({
  id: RunId,
  memoryMiB: orNull(Type.Integer(), 'What it holds of the memory; null when unknown.'),
});

export const Device = strictObject(
  {
    id: Type.String({ description: 'Unique within its box: `cpu`, `gpu:0`; `gpu:0.1` is an instance of a GPU in MIG mode.' }),
    kind: oneOf(DEVICE_KINDS, { description: 'What it is.' }),
    name: Type.String({ description: 'Its model.' }),
    uuid: orNull(Type.String(), 'Of an NVIDIA GPU or MIG instance, as `nvidia-smi -L` shows it.'),
    simulated: Type.Boolean({ description: 'It is no GPU: its runs are trained on the processor.' }),
    memoryMiB: orNull(Type.Integer(), 'What runs may fill of its memory, together; null when unknown.'),
    memoryUsedMiB: orNull(Type.Integer(), 'What is in use of its memory, by anybody; on the processor, of the whole box.'),
    foreignMemoryMiB: orNull(Type.Integer(), 'What is in use by anything else than runs; null on the processor, where `memoryMiB` leaves room for others.'),
    utilizationPercent: orNull(Type.Number(), 'How busy it is.'),
    temperatureCelsius: orNull(Type.Number(), 'How hot it is.'),
    cores: orNull(Type.Integer(), 'Processor cores that may be used; null for a GPU.'),
    slots: Type.Integer({ minimum: 0, description: 'Runs that it takes at once, at most; 0 while its driver says nothing, or after a run could not use it.' }),
    backends: Type.Array(Type.String(), { description: 'Backends that can train on it, fastest first; empty until they were tried.' }),
    unavailable: Type.Array(UnavailableBackend, { description: 'Backends that cannot, and why.' }),
    processes: Type.Array(ForeignProcess, { description: 'What else computes on it.' }),
    runs: Type.Array(DeviceRun, { description: 'Runs on it that you may see.' }),
    otherRuns: Type.Integer({ minimum: 0, description: 'How many more there are.' }),
    sampledAt: orNull(Type.String({ format: 'date-time' }), 'When all this was so; null where it cannot be asked.'),
    worker: ref(DeviceWorker),
  },
  { $id: 'Device', description: 'Something that trains.' },
);
export type Device = Static<typeof Device>;

export const DevicePage = page(Device, 'DevicePage');
export type DevicePage = Static<typeof DevicePage>;
