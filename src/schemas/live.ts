// The live protocol: WebSocket `GET /v1/live`, subprotocol `trainyard.v1`. A frame is one message or a
// JSON array of messages. `after` is the number of the last event seen: 0 (or absent) for all, "now" for none.
import { Type, type Static } from 'typebox';
import { discriminated, ref, strictObject } from './build.js';
import { RUN_STATES, type RunState } from '../portable/run-states.js';
import { MetricValues, RunId } from './run.js';
import { oneOf } from './build.js';
import type { RunEvent } from './event.js';

export { LIVE_SUBPROTOCOL } from '../portable/live-protocol.js';

export const ClientMessage = discriminated(
  [
    strictObject({
      type: Type.Literal('subscribe'),
      runId: RunId,
      after: Type.Optional(Type.Unsafe<number | 'now'>({ anyOf: [{ type: 'integer', minimum: 0 }, { const: 'now' }] })),
    }),
    strictObject({ type: Type.Literal('unsubscribe'), runId: RunId }),
    strictObject({ type: Type.Literal('subscribeDevices') }),
    strictObject({ type: Type.Literal('unsubscribeDevices') }),
    strictObject({ type: Type.Literal('ping'), id: Type.Optional(Type.String({ maxLength: 64 })) }),
  ],
  { $id: 'LiveClientMessage', description: 'What a client may send.' },
);
export type ClientMessage = Static<typeof ClientMessage>;

export const LaggingMessage = strictObject({
  type: Type.Literal('lagging'),
  runId: RunId,
  /** Number of the latest event. Those up to it still follow, in order, as fast as the client reads them. */
  head: Type.Integer(),
  state: oneOf(RUN_STATES),
  epoch: Type.Integer(),
  step: Type.Integer(),
  metrics: ref(MetricValues),
});
export type LaggingMessage = Static<typeof LaggingMessage>;

const amount = Type.Union([Type.Number(), Type.Null()]);

/** Of one device, at one time; null where it is not to be had. `GET /v1/devices` says what it is. */
export const DeviceSample = strictObject({
  id: Type.String(),
  memoryMiB: amount,
  memoryUsedMiB: amount,
  /** Of it, what no run holds. */
  foreignMemoryMiB: amount,
  utilizationPercent: amount,
  temperatureCelsius: amount,
});
export type DeviceSample = Static<typeof DeviceSample>;

/** What the trainer of a run uses, at one time; null where it is not to be had. */
export const RunSample = strictObject({
  runId: RunId,
  attempt: Type.Integer(),
  deviceIds: Type.Array(Type.String()),
  /** 100 is one core. */
  cpuPercent: amount,
  rssMiB: amount,
  gpus: Type.Array(strictObject({
    id: Type.String(),
    memoryMiB: amount,
    /** Known where the run has the GPU to itself. */
    utilizationPercent: amount,
  })),
});
export type RunSample = Static<typeof RunSample>;

/** Every second, of each box. One may be missing; the next makes up for it. */
export const DevicesMessage = strictObject({
  type: Type.Literal('devices'),
  worker: Type.String(),
  box: Type.String(),
  at: Type.String(),
  /** `otherRuns`: how many are on it that the client may not see. */
  devices: Type.Array(strictObject({ ...DeviceSample.properties, otherRuns: Type.Integer() })),
  /** Those that the client may see. */
  runs: Type.Array(RunSample),
});
export type DevicesMessage = Static<typeof DevicesMessage>;

/** What the server sends. */
export type ServerMessage =
  | { type: 'subscribed'; runId: string; head: number; recovered: boolean }
  | { type: 'unsubscribed'; runId: string }
  | ({ type: 'event'; runId: string } & RunEvent)
  | LaggingMessage
  | { type: 'deleted'; runId: string }
  | { type: 'subscribedDevices' }
  | { type: 'unsubscribedDevices' }
  | DevicesMessage
  | { type: 'pong'; id?: string }
  | { type: 'error'; code: string; detail: string; runId?: string };

/** The last word of a stream that carries one run alone: it has ended, and was told whole. */
export interface EndMessage {
  type: 'end';
  runId: string;
  /** Number of its last event. */
  head: number;
  state: RunState;
}
