// A free port, and a proxy in front of a server that can be taken away and brought back.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TestScope } from './postgres.js';

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = await listen(createServer(), 0);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface TcpProxy {
  port: number;
  /** Breaks every connection and refuses new ones, as a server does that was killed. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Keeps connections and accepts new ones, but passes nothing on, until thawed. */
  freeze(): void;
  thaw(): void;
}

export async function tcpProxy(t: TestScope, target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const port = await freePort();
  let server: Server | undefined;
  let frozen = false;

  function accept(inner: Socket): void {
    const outer = connect(target.port, target.host);
    for (const [socket, other] of [[inner, outer], [outer, inner]] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
      if (frozen) socket.pause();
    }
  }
  async function start(): Promise<void> {
    server = await listen(createServer(accept), port);
  }
  async function stop(): Promise<void> {
    const closed = server?.listening ? new Promise((resolve) => server?.close(resolve)) : undefined;
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  }

  function freeze(): void {
    frozen = true;
    for (const socket of sockets) socket.pause();
  }
  function thaw(): void {
    frozen = false;
    for (const socket of sockets) socket.resume();
  }

  await start();
  t.teardown(stop);
  return { port, start, stop, freeze, thaw };
}

async function listen(server: Server, port: number): Promise<Server> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
