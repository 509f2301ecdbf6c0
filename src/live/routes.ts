// The live stream over WebSocket: the handshake's rules, dead peers, and a clean end. The protocol itself is
// the hub's.
import { Socket } from 'node:net';
import websocket from '@fastify/websocket';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { ServiceError } from '../errors.js';
import { problems } from '../http/responses.js';
import { LIVE_SUBPROTOCOL } from '../schemas/live.js';
import type { Services } from '../services.js';
import type { LiveClient } from './hub.js';
import { LIVE_LIMITS } from './limits.js';
import { createSeenRuns } from './seen-runs.js';
import { upgradesOf } from './upgrades.js';

export interface LiveRoutesOptions {
  services: Pick<Services, 'hub' | 'runs' | 'openConnections'>;
  /** Time between two pings; a peer that left one unanswered is dropped. */
  pingEveryMs?: number;
  /** How long a closed peer may take to say goodbye. */
  closeGraceMs?: number;
}

const PATH = '/v1/live';

export const liveRoutes: FastifyPluginAsync<LiveRoutesOptions> = async (app, { services: { hub, runs, openConnections }, pingEveryMs = 25_000, closeGraceMs = 1000 }) => {
  const seenRuns = createSeenRuns({ runs });
  /** Sockets, and whether each has answered the latest ping. */
  const sockets = new Map<WebSocket, boolean>();

  /** Says why, and does not wait for ever for a peer that reads nothing. */
  function close(socket: WebSocket, code: number, reason: string): void {
    socket.close(code, reason);
    const timer = setTimeout(() => socket.terminate(), closeGraceMs);
    socket.once('close', () => clearTimeout(timer));
  }

  function serve(socket: WebSocket, { principal }: FastifyRequest): void {
    const client: LiveClient = {
      send: (text) => socket.send(text, () => connection.drained()),
      bufferedBytes: () => socket.bufferedAmount,
      close: (code, reason) => close(socket, code, reason),
    };
    const open = openConnections.add(principal, (reason) => close(socket, 1008, reason));
    sockets.set(socket, true);
    socket.on('pong', () => sockets.set(socket, true));
    socket.on('close', () => {
      sockets.delete(socket);
      open.closed();
      connection.closed();
    });
    const mayWatch = async (runId: string) => {
      const may = await runs.maySee(principal, runId);
      if (may) open.watches(runId);
      return may;
    };
    const connection = hub.connect(client, { mayWatch, seenRuns: principal.rights.includes('read') ? (runIds) => seenRuns(principal, runIds) : null });
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) close(socket, 1003, 'messages are JSON texts');
      else connection.receive(data.toString());
    });
  }

  const pings = setInterval(() => {
    for (const [socket, alive] of sockets) {
      if (!alive) {
        socket.terminate();
        continue;
      }
      sockets.set(socket, false);
      socket.ping();
    }
  }, pingEveryMs);
  pings.unref();

  // Whoever refuses a handshake before the plugin below has seen it would leave its connection open for ever.
  app.addHook('onResponse', async ({ ws, raw: { headers, socket } }) => {
    if (!ws && headers.upgrade !== undefined && socket instanceof Socket) socket.end();
  });

  await app.register(websocket, {
    options: {
      server: upgradesOf(app, PATH),
      maxPayload: LIVE_LIMITS.messageBytes,
      // Metrics compress well, but at a cost in memory for each client that a training box has better uses for.
      perMessageDeflate: false,
      handleProtocols: () => LIVE_SUBPROTOCOL,
    },
    // A client's broken frame; ws has closed the connection with the right code.
    errorHandler: (error, _socket, request) => request.log.debug({ err: error }, 'live connection failed'),
    async preClose() {
      clearInterval(pings);
      const closed = [...sockets.keys()].map((socket) => new Promise((done) => socket.once('close', done)));
      for (const socket of sockets.keys()) close(socket, 1001, 'the service is stopping');
      await Promise.all(closed);
    },
  });

  app.route({
    method: 'GET',
    url: PATH,
    exposeHeadRoute: false,
    config: { access: 'view', takesTickets: true },
    schema: {
      operationId: 'live', tags: ['live'], summary: 'Watch runs and devices over WebSocket',
      description: `Subprotocol \`${LIVE_SUBPROTOCOL}\`. Send \`{"type": "subscribe", "runId": …, "after": n}\` (\`n\` = number of the last event seen, 0 for all, \`"now"\` for none), \`unsubscribe\`, \`ping\`. A frame is one message or a JSON array of them: \`subscribed\`, then \`event\` messages in order without a gap; \`lagging\` while a slow reader catches up; \`deleted\`; \`error\`. \`subscribeDevices\` asks for a \`devices\` message of each box every second, \`unsubscribeDevices\` for no more. Whoever can send no header shows a ticket instead of a key: \`?ticket=…\`. Close codes: 1001 the service stops, 1008 limits, or a key that is good no more, 1013 the client reads too slowly.`,
      response: { 101: { description: 'The connection speaks WebSocket now.', type: 'null' }, ...problems('upgrade_required') },
    },
    onRequest: async (request) => checkHandshake(request),
    handler: async (_request, reply) => {
      void reply.header('upgrade', 'websocket');
      throw new ServiceError('upgrade_required');
    },
    wsHandler: serve,
  });
};

/** @throws ServiceError bad_request */
function checkHandshake(request: FastifyRequest): void {
  if (!request.ws) return;
  const { 'sec-websocket-protocol': offered = '' } = request.headers;
  if (!offered.split(',').some((protocol) => protocol.trim() === LIVE_SUBPROTOCOL)) {
    throw new ServiceError('bad_request', `Offer the subprotocol ${LIVE_SUBPROTOCOL}.`);
  }
}
