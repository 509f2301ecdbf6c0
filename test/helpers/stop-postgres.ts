// tap's `after` script: ends the run's PostgreSQL server and waits until its processes and its directory are gone,
// so that `npm test` leaves nothing behind when it answers. Without it the keeper notices the runner's end itself.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './poll.js';
import { parentRun } from './postgres-run.js';

const { dir } = parentRun();
if (existsSync(dir)) {
  const pidFile = join(dir, 'keeper.pid');
  await until(() => existsSync(pidFile), { what: 'the keeper of the PostgreSQL server to say its number' });
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM');
    await until(() => !existsSync(dir), { what: `${dir} to be removed`, deadlineMs: 20_000 });
  } catch (error) {
    // A keeper that was killed has left its directory; the server's own watchdog has ended the server.
    rmSync(dir, { recursive: true, force: true });
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
