// A trainer's sign of life to its supervisor, and its end with it: a thread beats into a pipe, however busy the main one
// is with a step. A process that is frozen falls silent; one whose supervisor has gone finds its pipe broken.
import { Worker } from 'node:worker_threads';

/** Of the pipe, in the trainer: after stdin, stdout, stderr and the IPC channel. */
export const PULSE_FD = 4;
export const PULSE_EVERY_MS = 1_000;

export function startPulse(): void {
  new Worker(new URL('./pulse-thread.js', import.meta.url), { execArgv: [] }).unref();
}
