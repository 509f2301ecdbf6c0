// A shell of 200 KB beside each trainer, which waits for the supervisor's death. A trainer that runs sees that by itself;
// one that is frozen would keep its memory, and its GPU's, for ever.
import { spawn } from 'node:child_process';

/** Answers a function that sends the watchdog away. */
export function startTrainerWatchdog(pid: number, env: NodeJS.ProcessEnv): () => void {
  // Whatever ends us, the kernel closes our end of its pipe.
  const shell = spawn('/bin/sh', ['-c', 'while read -r line; do :; done; kill -9 "$1"', 'trainyard-trainer-watchdog', String(pid)], {
    env,
    // A session of its own: Ctrl-C ends us, not the watchdog.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell there is no watchdog; most trainers end all the same.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  return () => void shell.kill('SIGKILL');
}
