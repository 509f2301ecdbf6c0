// Which backends work on this box. Probing loads every one of them, so it happens in a child process that is gone
// afterwards, memory, GPU context and all.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { trainerEnv } from '../src/config.js';
import type { BackendProbe } from '../src/ml/engines/eager/backends.js';

const PROBE_MODULE = fileURLToPath(new URL('./probe.js', import.meta.url));
const PROBE_MS = 60_000;

/** @throws Error with the last words of a child that did not answer, or not within a minute */
export function probeBackendsApart(signal: AbortSignal): Promise<BackendProbe[]> {
  return new Promise((resolve, reject) => {
    const child = fork(PROBE_MODULE, [], { env: trainerEnv(), execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'], detached: true, signal, killSignal: 'SIGKILL' });
    const timer = setTimeout(() => child.kill('SIGKILL'), PROBE_MS);
    let answer: BackendProbe[] | null = null;
    let lastWords = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      lastWords = `${lastWords}${chunk.toString()}`.slice(-1_000);
    });
    child.on('message', (message) => {
      answer = message as BackendProbe[];
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (answer !== null) resolve(answer);
      else reject(new Error(`the probe of backends ended with ${signal ?? code}: ${lastWords.trim()}`));
    });
  });
}
