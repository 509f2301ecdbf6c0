// Devices that runs are trained on, as the API shows them.
import { Type, type Static } from 'typebox';
import { oneOf, page, ref, strictObject } from './build.js';

export const DeviceWorker = strictObject(
  {
    id: Type.String({ description: 'Unique among living supervisors.' }),
    host: Type.String({ description: 'Name of the box.' }),
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

export const Device = strictObject(
  {
    id: Type.String({ description: 'Unique within its box: `cpu`, `gpu:0`.' }),
    kind: oneOf(['cpu', 'gpu'], { description: 'What it is.' }),
    name: Type.String({ description: 'Its model.' }),
    memoryMiB: Type.Union([Type.Integer(), Type.Null()], { description: 'Its memory; null when unknown.' }),
    foreignMemoryMiB: Type.Union([Type.Integer(), Type.Null()], { description: 'Held by processes that are not ours.' }),
    slots: Type.Integer({ description: 'Runs at once.' }),
    cores: Type.Union([Type.Integer(), Type.Null()], { description: 'Processor cores that may be used; null for a GPU.' }),
    backends: Type.Array(Type.String(), { description: 'Backends that can train on it, fastest first.' }),
    unavailable: Type.Array(UnavailableBackend, { description: 'Backends that cannot, and why.' }),
    worker: ref(DeviceWorker),
  },
  { $id: 'Device', description: 'Something that trains.' },
);
export type Device = Static<typeof Device>;

export const DevicePage = page(Device, 'DevicePage');
export type DevicePage = Static<typeof DevicePage>;
