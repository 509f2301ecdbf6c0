// One client's view of the devices: all of them, but of the runs on them only those that it may see.
import type { DevicesMessage } from '../schemas/live.js';
import type { BoxSamples } from './box-samples.js';
import type { Bus } from './bus.js';

/** Of these runs, those that the client may see. */
export type SeenRuns = (runIds: readonly string[]) => Promise<ReadonlySet<string>>;

export interface DeviceSubscriptionOptions {
  bus: Pick<Bus, 'onSamples'>;
  seenRuns: SeenRuns;
  /** Whether the client would get it now. It is not kept for later: the next is better. */
  ready(): boolean;
  send(message: DevicesMessage): void;
  onError(error: unknown): void;
}

/** Answers a function that ends it. */
export function subscribeToDevices({ bus, seenRuns, ready, send, onError }: DeviceSubscriptionOptions): () => void {
  /** Supervisors of whose runs it is being asked who may see them. */
  const asking = new Set<string>();
  let ended = false;

  async function show(samples: BoxSamples): Promise<void> {
    const seen = await seenRuns(samples.runs.map(({ runId }) => runId));
    if (!ended && ready()) send(messageFor(samples, seen));
  }

  const stop = bus.onSamples((samples) => {
    if (asking.has(samples.worker) || !ready()) return;
    asking.add(samples.worker);
    void show(samples).catch(onError).finally(() => asking.delete(samples.worker));
  });
  return () => {
    ended = true;
    stop();
  };
}

function messageFor({ worker, box, at, devices, runs }: BoxSamples, seen: ReadonlySet<string>): DevicesMessage {
  const others = runs.filter(({ runId }) => !seen.has(runId));
  return {
    type: 'devices', worker, box, at,
    devices: devices.map((device) => ({ ...device, otherRuns: others.filter(({ deviceIds }) => deviceIds.includes(device.id)).length })),
    runs: runs.filter(({ runId }) => seen.has(runId)),
  };
}
