// The two kinds of store that a queue or a bus lives in, each of which a test can take away and bring back.
import type { Test } from 'tap';
import type { StoreConnection } from '../../../src/queue/queue.js';
import { emptyDatabase } from '../../helpers/postgres.js';
import { redisServer } from '../../helpers/redis.js';
import { tcpProxy } from '../../helpers/tcp.js';

export interface TestStore {
  connection: StoreConnection;
  /** Breaks all connections and refuses new ones. Redis forgets everything, as it keeps nothing on disk here. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Lets it keep its connections and answer nothing, as a host does that is cut off. */
  freeze(): void;
  thaw(): void;
}

export type CreateStore = (t: Test) => Promise<TestStore>;

/** A database of its own behind a proxy, because the server belongs to other tests as well. */
export async function postgresStore(t: Test): Promise<TestStore> {
  const url = new URL((await emptyDatabase(t)).url);
  const proxy = await tcpProxy(t, { host: url.hostname, port: Number(url.port) });
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  return { ...proxy, connection: { kind: 'postgres', url: url.href } };
}

export async function redisStore(t: Test): Promise<TestStore> {
  const server = await redisServer(t);
  return { ...server, connection: { kind: 'redis', url: server.url } };
}
