// The devices of all boxes whose supervisors live.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { onePage } from '../http/query.js';
import { problems } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import { DevicePage, type Device } from '../schemas/device.js';
import type { Services } from '../services.js';
import type { Worker } from './worker-repository.js';

export interface DeviceRouteOptions {
  services: Pick<Services, 'workers'>;
  /** A supervisor that was not heard of for this long is gone. */
  leaseMs: number;
}

export const deviceRoutes: FastifyPluginAsyncTypebox<DeviceRouteOptions> = async (app, { services, leaseMs }) => {
  app.get('/v1/devices', {
    config: { access: 'read' },
    schema: {
      operationId: 'listDevices', tags: ['devices'], summary: 'List the devices that train',
      description: 'Those of every box whose supervisor was heard of lately.',
      response: { 200: ref(DevicePage), ...problems() },
    },
  }, async () => onePage((await services.workers.listAlive(new Date(Date.now() - leaseMs))).flatMap(devicesOf)));
};

function devicesOf({ id, host, slots, startedAt, heartbeatAt, devices }: Worker): Device[] {
  const worker = { id, host, slots, startedAt: startedAt.toISOString(), heartbeatAt: heartbeatAt.toISOString() };
  return devices.map((device) => ({ ...device, worker }));
}
