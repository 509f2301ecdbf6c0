// The service: settings -> stores -> app -> listen, and an end in order and in bounded time.
import { buildApp } from './app.js';
import { compose } from './compose.js';
import { ConfigError, loadConfig } from './config.js';
import { createLog } from './log.js';

async function main(): Promise<void> {
  const config = loadConfig();
  const log = createLog(config, 'api');
  let stopping = false;
  let close = async () => {};
  const stop = async (why: string) => {
    if (stopping) process.exit(1); // asked twice: at once
    stopping = true;
    log.info(`stopping: ${why}`);
    setTimeout(() => process.exit(1), config.shutdownMs + 5_000).unref();
    await close();
    log.info('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => void stop(signal).catch((error: unknown) => {
      log.error({ err: error }, 'stopping failed');
      process.exit(1);
    }));
  }

  const composition = await compose(config, log);
  close = composition.close;
  const app = await buildApp({ config, services: composition.services, log });
  close = async () => {
    await app.close();
    await composition.close();
  };
  if (stopping) return;
  const address = await app.listen({ host: config.host, port: config.port });
  log.info(`Trainyard is ready at ${address} (API page ${address}/docs)`);
  process.send?.({ type: 'ready', address });
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
});
