// The PostgreSQL server that a laptop lacks: started on demand in the data directory, kept alive, stopped in order.
// Only the process at the root of the service's tree calls this; the others get its URL.
import { chmod, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { serverAccount } from './account.js';
import { findBinaries } from './binaries.js';
import { clusterDirOf, openCluster, ROLE } from './cluster.js';
import { explainFileError } from './errors.js';
import { DEFAULT_SETTINGS } from './settings.js';
import { supervise } from './supervise.js';

export interface EmbeddedPostgresOptions {
  /** The service's data directory, made when missing; the database takes `postgres/` in it. */
  dataDir: string;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Server settings that replace ours, as in postgresql.conf. */
  settings?: Readonly<Record<string, string>>;
  /**
   * Called once when the server has died and five restarts in a row have failed, or when another service has taken
   * it over. A server that dies is otherwise started again on the same port; clients only have to connect anew.
   */
  onExit?: (error: Error) => void;
  /** Milliseconds until a start counts as failed. Default 60,000: after a power cut the log is replayed first. */
  startTimeoutMs?: number;
}

export interface EmbeddedPostgres {
  /** `postgresql://trainyard:…@127.0.0.1:port/trainyard`; the role is the owner of everything. */
  readonly url: string;
  readonly port: number;
  /** The server's process, which changes when it is restarted. */
  readonly pid: number;
  /** True when an earlier life's server was found running and taken over. */
  readonly isAdopted: boolean;
  /** Ends every session and the server: at most 15 s, usually 50 ms. Calling it again answers the same promise. */
  stop(): Promise<void>;
}

/**
 * Starts the server, or adopts the one that an earlier life of this service left running. The first start makes the
 * cluster (about a second). Whatever ends our process ends the server too; the server does not keep it alive.
 * @throws EmbeddedPostgresError, with a `fault` and a message for the person at the terminal.
 */
export async function startEmbeddedPostgres({
  dataDir,
  log,
  settings = {},
  onExit = () => undefined,
  startTimeoutMs = 60_000,
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const began = performance.now();
  const home = join(resolve(dataDir), 'postgres');
  await makeHome(home);
  const account = await serverAccount(clusterDirOf(home));
  const binaries = await findBinaries({ account, copyParents: copyParents(home) });
  const cluster = await openCluster({ home, binaries, account });
  const server = await supervise({
    launch: { cluster, binaries, settings: { ...DEFAULT_SETTINGS, ...settings }, logFile: join(home, 'server.log'), timeoutMs: startTimeoutMs },
    log,
    onExit,
  });
  const { pid, port } = server.postmaster();
  log.info({ serverPid: pid, port, tookMs: Math.round(performance.now() - began) }, `embedded PostgreSQL ${server.how}`);
  return {
    url: `postgresql://${ROLE}:${cluster.password}@127.0.0.1:${port}/${ROLE}`,
    port,
    get pid() {
      return server.postmaster().pid;
    },
    isAdopted: server.how === 'adopted',
    stop: () => server.stop(),
  };
}

async function makeHome(home: string): Promise<void> {
  try {
    const made = await mkdir(home, { recursive: true });
    // Copied programs may have to be reached in here; the cluster inside is 0700.
    if (made !== undefined) await chmod(home, 0o755);
  } catch (error) {
    throw explainFileError(error, `making the directory ${home}`);
  }
}

/**
 * Where programs are copied when the server cannot use those in node_modules: beside the data; for root also in
 * /var/lib, which no cleaner empties (the server loads libraries long after its start); last the directory for
 * temporary files.
 */
function copyParents(home: string): string[] {
  const uid = process.getuid?.() ?? 0;
  return [home, ...(uid === 0 ? ['/var/lib/trainyard'] : []), join(tmpdir(), `trainyard-${uid}`)];
}
