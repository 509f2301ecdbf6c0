// A private Redis server for one test: on a free port, gone when the test ends.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './poll.js';
import type { TestScope } from './postgres.js';
import { freePort } from './tcp.js';

/** Why tests on Redis cannot run here, for tap's `skip`; false when they can. */
export function redisMissing(): string | false {
  const probe = spawnSync('redis-server', ['--version']);
  return probe.status === 0 ? false : 'no redis-server on the PATH (Debian: apt-get install redis-server)';
}

export interface RedisServer {
  url: string;
  /** Kills the server; its data are gone unless it keeps them. */
  stop(): Promise<void>;
  /** Starts it again on the same port, with what it has kept; does nothing while it runs. */
  start(): Promise<void>;
  /** Removes what it has kept; while it is stopped. */
  wipe(): Promise<void>;
  /** Keeps its connections but answers nothing, until thawed. */
  freeze(): void;
  thaw(): void;
}

/** With `keepsData` it writes every command into a file, as the one in docker-compose.yml does. */
export async function redisServer(t: TestScope, { keepsData = false } = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-redis-'));
  const port = await freePort();
  let child: ChildProcess | undefined;

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;

  async function start(): Promise<void> {
    if (isRunning()) return;
    await mkdir(folder, { recursive: true });
    child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', keepsData ? 'yes' : 'no', '--loglevel', 'warning'],
      { stdio: 'ignore' },
    );
    await until(() => answers(port), { what: 'Redis to answer', everyMs: 5 });
  }
  async function stop(): Promise<void> {
    if (!child || !isRunning()) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  await start();
  t.teardown(async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    url: `redis://127.0.0.1:${port}/0`,
    start,
    stop,
    wipe: () => rm(folder, { recursive: true, force: true }),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}

/** Whether a server says PONG, which it does not while it still loads. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
  });
}
