// The service: settings -> stores -> app -> listen, and an end in order and in bounded time.
import { buildApp } from './app.js';
import { compose } from './compose.js';
import { loadConfig, type Config } from './config.js';
import { createLog } from './log.js';
import { checkStart, explainStart, listenError, showFirstKey } from './startup.js';

let config: Config | null = null;
const closers: (() => Promise<unknown>)[] = [];
const closeAll = async () => {
  for (const close of closers.splice(0).reverse()) await close();
};

async function main(): Promise<void> {
  config = loadConfig();
  const { host, port, shutdownMs } = config;
  const log = createLog(config, 'api');
  let stopping = false;
  const stop = async (why: string) => {
    if (stopping) process.exit(1); // asked twice: at once
    stopping = true;
    log.info(`stopping: ${why}`);
    setTimeout(() => process.exit(1), shutdownMs + 5_000).unref();
    await closeAll();
    log.info('stopped');
    process.exit(0);
  };
  const stopOrFail = (why: string) =>
    void stop(why).catch((error: unknown) => {
      log.error({ err: error }, 'stopping failed');
      process.exit(1);
    });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stopOrFail(signal));
  // Whoever forked this process and watches it has gone; without an IPC channel this never happens.
  process.on('disconnect', () => stopOrFail('the process that started it has gone'));

  await checkStart(config);
  const composition = await compose(config, log);
  closers.push(() => composition.close());
  if (composition.firstKey !== null) showFirstKey(composition.firstKey);
  const app = buildApp({ config, services: composition.services, log });
  closers.push(() => app.close());
  if (stopping) return closeAll();
  const address = await app.listen({ host, port }).catch((error: unknown) => Promise.reject(listenError(error, { host, port })));
  log.info(`Trainyard is ready at ${address} (API page ${address}/docs)`);
  process.send?.({ type: 'ready', address });
}

main().catch(async (error: unknown) => {
  await closeAll().catch(() => undefined);
  console.error(explainStart(error, config));
  process.exit(1);
});
