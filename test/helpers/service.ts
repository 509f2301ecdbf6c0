// The real service as its users run it: a process of its own on the embedded default, in its own data folder.
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TEST_KEY } from './key.js';

export interface ServiceProcess {
  address: string;
  dataDir: string;
  process: ChildProcess;
  /** Everything it has written so far. */
  output(): string;
  /** SIGTERM, then waits. Answers the exit code. */
  stop(): Promise<number | null>;
}

interface Scope {
  teardown(work: () => Promise<void> | void): void;
}

const SERVER = fileURLToPath(new URL('../../src/server.js', import.meta.url));
const READY_MS = 90_000;

/** Resolves when the service listens. Stopped, and its folder removed, when `t` ends. */
export async function startService(t: Scope, env: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> {
  const dataDir = env.TRAINYARD_DATA_DIR ?? mkdtempSync(join(tmpdir(), 'trainyard test '));
  const child = fork(SERVER, [], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TRAINYARD_DATA_DIR: dataDir, TRAINYARD_PORT: '0', TRAINYARD_LOG_FORMAT: 'json', TRAINYARD_ADMIN_KEY: TEST_KEY, TRAINYARD_RATE_LIMIT: '0', ...env },
    // Not the test runner's own flags: users start it without.
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    return exited;
  };
  t.teardown(async () => {
    await stop();
    if (env.TRAINYARD_DATA_DIR === undefined) await rm(dataDir, { recursive: true, force: true });
  });
  const address = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the service was not ready in ${READY_MS} ms:\n${output}`)), READY_MS);
    child.on('message', (message: { type?: string; address?: string }) => {
      if (message.type !== 'ready' || message.address === undefined) return;
      clearTimeout(timer);
      resolve(message.address);
    });
    void exited.then((code) => {
      clearTimeout(timer);
      reject(new Error(`the service exited with ${code}:\n${output}`));
    });
  });
  return { address, dataDir, process: child, output: () => output, stop };
}
