// Tells whoever watches the devices how they are used. Called every second by the supervisor.
import type { Bus } from '../src/live/bus.js';
import { pick } from '../src/pick.js';
import { DeviceSample } from '../src/schemas/live.js';
import type { BoxMonitor } from './box-monitor.js';

const SAMPLED = Object.keys(DeviceSample.properties) as (keyof DeviceSample)[];

/** Rejects while the bus is away; nothing is kept for later, as the next samples are better. */
export async function publishSamples(bus: Pick<Bus, 'publishSamples'>, worker: { id: string; box: string }, monitor: Pick<BoxMonitor, 'devices' | 'runSamples'>): Promise<void> {
  const devices = monitor.devices().map((device) => pick(device, SAMPLED));
  await bus.publishSamples({ worker: worker.id, box: worker.box, at: new Date().toISOString(), devices, runs: monitor.runSamples() });
}
