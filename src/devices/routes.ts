// The devices of all boxes whose supervisors live.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { onePage } from '../http/query.js';
import { problems } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import { DevicePage, type Device } from '../schemas/device.js';
import type { Services } from '../services.js';
import type { Worker } from './worker-repository.js';

export interface DeviceRouteOptions {
  services: Pick<Services, 'workers' | 'runs'>;
  /** A supervisor that was not heard of for this long is gone. */
  leaseMs: number;
}

export const deviceRoutes: FastifyPluginAsyncTypebox<DeviceRouteOptions> = async (app, { services, leaseMs }) => {
  app.get('/v1/devices', {
    config: { access: 'read' },
    schema: {
      operationId: 'listDevices', tags: ['devices'], summary: 'List the devices that train',
      description: 'Those of every box whose supervisor was heard of lately, with how they are used: by runs, and by anything else. `{"type": "subscribeDevices"}` on `/v1/live` tells it every second.',
      response: { 200: ref(DevicePage), ...problems() },
    },
  }, async ({ principal }) => {
    const workers = await services.workers.listAlive(leaseMs);
    const runIds = workers.flatMap(({ devices }) => devices.flatMap(({ runs }) => runs.map(({ id }) => id)));
    const seen = await services.runs.seen(principal, runIds);
    return onePage(workers.flatMap((worker) => devicesOf(worker, seen)));
  });
};

function devicesOf({ id, box, host, slots, startedAt, heartbeatAt, devices }: Worker, seen: ReadonlySet<string>): Device[] {
  const worker = { id, box, host, slots, startedAt: startedAt.toISOString(), heartbeatAt: heartbeatAt.toISOString() };
  return devices.map((device) => {
    const runs = device.runs.filter((run) => seen.has(run.id)).map(({ id, memoryMiB }) => ({ id, memoryMiB }));
    return { ...device, runs, otherRuns: device.runs.length - runs.length, worker };
  });
}
