// What can be wrong before the service is up, in a sentence for the terminal.
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { isDatabaseAway } from './db/client.js';
import { MigrationError } from './db/migrate.js';
import { EmbeddedPostgresError } from './embedded/errors.js';
import { ConfigError, type Config } from './config.js';

/** A fault of the start that the person at the terminal can mend. Its message is a sentence or two. */
export class StartupError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StartupError';
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException | null)?.code ?? '';

/**
 * Looks at what is cheap to look at before a database is started: the address and the data folder.
 * @throws StartupError
 */
export async function checkStart({ host, port, dataDir }: Pick<Config, 'host' | 'port' | 'dataDir'>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(listenError(error, { host, port })));
    probe.listen({ host, port }, () => probe.close(() => resolve()));
  });
  await mkdir(dataDir, { recursive: true }).catch((error: unknown) => {
    throw new StartupError(`The data folder ${dataDir} cannot be made (${codeOf(error)}); TRAINYARD_DATA_DIR names another.`, error);
  });
}

export function listenError(error: unknown, { host, port }: Pick<Config, 'host' | 'port'>): unknown {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new StartupError(`Port ${port} is in use on ${host}; TRAINYARD_PORT chooses another, 0 any that is free.`, error);
    case 'EACCES':
      return new StartupError(`Port ${port} is not for this user; TRAINYARD_PORT chooses another.`, error);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new StartupError(`${host} is no address of this machine; see TRAINYARD_HOST.`, error);
    default:
      return error;
  }
}

/** One line where the cause is known, else the error with its stack. */
export function explainStart(error: unknown, config: Pick<Config, 'databaseUrl'> | null): string {
  if (error instanceof ConfigError || error instanceof StartupError || error instanceof EmbeddedPostgresError || error instanceof MigrationError) return error.message;
  if (config?.databaseUrl && isDatabaseAway(error)) {
    const { host } = new URL(config.databaseUrl);
    return `The database at ${host} does not answer (${error instanceof Error ? error.message || codeOf(error) : String(error)}); see DATABASE_URL.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** On the terminal and not in the log, which is kept and sent elsewhere. */
export function showFirstKey(key: string): void {
  console.error(`\nThe key of the user admin, who runs this service. It is shown this once; keep it, and not in this output:\n\n  ${key}\n\nIt signs in to the dashboard, and goes with requests: -H "authorization: Bearer $TRAINYARD_KEY"\n`);
}
