// Which backends work on this box. Probing loads every one of them, so it happens in a child process that is gone
// afterwards, memory, GPU context and all.
import { fileURLToPath } from 'node:url';
import { trainerEnv } from '../src/config.js';
import type { BackendProbe } from '../src/ml/engines/eager/backends.js';
import { createBoundedProgram } from './bounded-program.js';

const PROBE = { module: fileURLToPath(new URL('./probe.js', import.meta.url)), patienceMs: 60_000 };

/** @returns what probes; it throws an Error with the last words of a child that did not answer, or not in time */
export function createBackendProbe({ module, patienceMs } = PROBE): (signal: AbortSignal) => Promise<BackendProbe[]> {
  const child = createBoundedProgram(process.execPath, { patienceMs, env: trainerEnv() });
  return async (signal) => {
    signal.addEventListener('abort', child.stop, { once: true });
    const { output, failure } = await child.run([module]);
    signal.removeEventListener('abort', child.stop);
    if (failure !== null) throw new Error(`the backends could not be probed: ${failure.message}`);
    // Backends print what they like; the answer comes last.
    return JSON.parse(output.trimEnd().split('\n').at(-1)!) as BackendProbe[];
  };
}
