// A shell of 200 KB that waits for our death. Whatever ends us (kill -9, the out-of-memory killer, process.exit
// without a stop), the kernel closes our end of its pipe, and it asks the server for a fast shutdown: no server
// is left behind for ever. Where the watchdog was killed too, the next start adopts the server.
import { spawn } from 'node:child_process';
import type { Cluster } from './cluster.js';

// The lock file is read again at the end, so that a stranger who got the server's number meanwhile is not hit.
const SCRIPT = `
while read -r line; do :; done
read -r pid < postmaster.pid && [ "$pid" = "$1" ] && kill -INT "$1"
`;

/** Answers a function that sends the watchdog away. */
export function startWatchdog({ cluster, pid }: { cluster: Cluster; pid: number }): () => void {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'trainyard-postgres-watchdog', String(pid)], {
    ...cluster.account,
    cwd: cluster.dir,
    env: { PATH: '/usr/bin:/bin' },
    // A session of its own: Ctrl-C ends us, not the watchdog.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  // Without a shell there is no watchdog; adoption at the next start remains.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return () => void shell.kill('SIGKILL');
}
