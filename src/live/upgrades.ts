// Which upgrade requests become WebSockets: those for one path. Node hands every request with an Upgrade
// header to the listener once there is one; the others are answered as if the header were absent, as
// HTTP allows (curl --http2 offers h2c with any request).
import { EventEmitter } from 'node:events';
import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** What `@fastify/websocket` takes as its server: it emits `upgrade` for `path` only. */
export function upgradesOf(app: FastifyInstance, path: string): Server {
  const chosen = new EventEmitter();

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const wanted = request.method === 'GET' && request.url?.split('?', 1)[0] === path && request.headers.upgrade?.toLowerCase() === 'websocket';
    if (wanted && chosen.listenerCount('upgrade') > 0) chosen.emit('upgrade', request, socket, head);
    else answer(request, socket);
  }

  function answer(request: IncomingMessage, socket: Duplex): void {
    // Node takes its own listener away before it emits `upgrade`.
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.on('finish', () => socket.end());
    app.routing(request, response);
  }

  app.server.on('upgrade', onUpgrade);
  app.addHook('onClose', async () => void app.server.off('upgrade', onUpgrade));
  // It listens, emits and is listened to; nothing else of a server is asked of it.
  return chosen as Server;
}
