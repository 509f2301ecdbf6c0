// Connections that nobody has asked anything over yet, such as browsers open ahead of need. Node counts them as busy,
// so a server that closes would wait for their first request: until the other side goes, which may be never.
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

const SWEEP_EVERY_MS = 200;

/** Drops them once the app has begun to close, so that closing waits for answers only. */
export function dropUnusedConnections(app: FastifyInstance): void {
  const unused = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  app.server.on('request', ({ socket }) => unused.delete(socket));
  app.server.on('upgrade', ({ socket }) => unused.delete(socket));

  app.addHook('preClose', async () => {
    if (!app.server.listening) return;
    const drop = () => {
      for (const socket of unused) socket.destroy();
    };
    drop();
    // Others come until the port is given up.
    const sweep = setInterval(drop, SWEEP_EVERY_MS);
    sweep.unref();
    app.server.once('close', () => clearInterval(sweep));
  });
}
