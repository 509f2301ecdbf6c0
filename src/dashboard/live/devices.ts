// The devices of all boxes, as they are now: what they are is read now and then, how they are comes every second.
import { computed, effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api } from '../api/client.js';
import { useResource, type Resource } from '../api/resource.js';
import type { Device } from '../api/types.js';
import { aheadOf, viewOf, type DeviceView } from './device-view.js';
import { boxes, useBoxes } from './link.js';
import { follow, type Trail } from './trail.js';

/** A box that joins or goes is seen within so long. */
const EVERY_MS = 4000;

interface Read {
  items: readonly Device[];
  aheadMs: number;
}
const read = signal<Read | null>(null);

/** Null before the first answer. */
export const devices = computed<readonly DeviceView[] | null>(() => read.value?.items.map((device) => viewOf(device, boxes.value.get(device.worker.box), read.value!.aheadMs)) ?? null);

/** How busy each was in the last minutes, by its key. It begins when somebody looks. */
export const trails = signal<ReadonlyMap<string, Trail>>(new Map());

effect(() => {
  const before = trails.peek();
  const next = (devices.value ?? []).map(({ key, atMs, utilizationPercent }) => [key, atMs === null ? before.get(key) : follow(before.get(key), atMs, utilizationPercent)] as const);
  trails.value = new Map(next.filter((entry): entry is [string, Trail] => entry[1] !== undefined));
});

/** Keeps `devices` up to date while the component is shown. It takes the right to `read`. */
export function useDevices(): Resource<unknown> {
  useBoxes();
  const resource = useResource('devices', readDevices, { everyMs: EVERY_MS });
  useEffect(() => {
    if (resource.data !== undefined) read.value = resource.data;
  }, [resource.data]);
  return resource;
}

async function readDevices(signal: AbortSignal): Promise<Read> {
  const { data, response } = await api.GET('/v1/devices', { signal });
  return { items: data!.items, aheadMs: aheadOf(response.headers.get('date'), Date.now()) };
}
