// The supervisor of one box, a process of its own: takes runs from the queue, forks a trainer for each,
// holds their leases. Started by the service (role `all`) or by itself: node dist/workers/supervisor.js
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ConfigError, loadConfig, scratchDir, trainerEnv } from '../src/config.js';
import { composeStores } from '../src/compose-stores.js';
import { migrate } from '../src/db/migrate.js';
import { NOT_WELCOME, OF_SERVICE } from '../src/embedded/supervisor-process.js';
import { createLog } from '../src/log.js';
import { migrationsDir } from '../src/paths.js';
import { repeat } from '../src/repeat.js';
import { isStillWelcome, join, NotWelcomeError } from './join.js';
import { closeScratch, openScratch, sweepScratch } from './scratch.js';
import { startSupervisor } from './supervise.js';
import { createBackendProbe } from './backend-probe.js';
import { startBoxMonitor } from './box-monitor.js';
import { publishSamples } from './publish-samples.js';

const TRAINER_SILENCE_MS = 10_000;
/** A supervisor that was not heard of for so long is gone, and not just cut off from the database with a model to store. */
const SILENT_MS = 24 * 3600_000;
const SWEEP_MS = 3600_000;
const SAMPLE_MS = 1_000;

async function main(): Promise<void> {
  const config = loadConfig();
  const log = createLog(config, 'supervisor');
  if (config.databaseUrl === null) throw new ConfigError(['DATABASE_URL: a supervisor by itself needs the database that the API uses']);
  await migrate({ url: config.databaseUrl, dir: migrationsDir, log });
  const stores = composeStores(config, config.databaseUrl, log);
  const owner = { host: hostname(), pid: process.pid };
  await stores.clock.look();
  const joined = await join(stores, { box: config.box, host: owner.host, token: config.workerToken, isOwn: process.argv.includes(OF_SERVICE), leaseMs: config.leaseMs });
  const scratch = await openScratch(scratchDir(config), owner);
  const id = randomUUID();
  const monitor = startBoxMonitor({
    simulatedGpus: config.simulatedGpus,
    cpuSlots: config.slots,
    gpuSlots: config.gpuSlots,
    cpuMemoryMiB: Math.floor(config.memoryLimitBytes / 2 ** 20),
    probe: createBackendProbe(),
    onRemark: (remark) => log.warn(remark),
    onError: (error) => log.warn({ err: error }, 'the devices could not be looked at; it is tried again'),
  });
  // One that is expelled while it starts hears of it again with the next beat.
  let onExpelled = () => {};
  const supervisor = await startSupervisor({
    id,
    box: config.box,
    host: owner.host,
    slots: config.slots,
    leaseMs: config.leaseMs,
    scheduling: config.scheduling,
    cancelGraceMs: config.cancelGraceMs,
    idleMs: config.idleMs,
    silenceMs: TRAINER_SILENCE_MS,
    scratchDir: scratch,
    trainerEnv: trainerEnv(),
    monitor,
    isWelcome: async () => isStillWelcome(await stores.boxes.find(config.box), joined),
    onExpelled: () => onExpelled(),
    stores,
    log,
  });
  const stopPublishing = repeat(() => publishSamples(stores.bus, { id, box: config.box }, monitor), { everyMs: SAMPLE_MS, onError: (error) => log.debug({ err: error }, 'samples of the devices are lost') });
  const sweep = async () => {
    await stores.workers.forgetSilent(SILENT_MS);
    await sweepScratch(scratchDir(config), { heardOf: [owner, ...(await stores.workers.listAlive(SILENT_MS))], before: Date.now() - SILENT_MS });
  };
  const stopSweeping = repeat(sweep, { everyMs: SWEEP_MS, atOnce: true, onError: (error) => log.warn({ err: error }, 'sweep of what killed supervisors left failed; it is tried again') });

  let stopping = false;
  const stop = async (why: string, exitCode = 0) => {
    if (stopping) return;
    stopping = true;
    log.info(`stopping: ${why}`);
    // Whatever hangs, the process ends in bounded time; leases then run out and the runs are queued again.
    setTimeout(() => process.exit(1), config.shutdownMs).unref();
    stopSweeping();
    stopPublishing();
    monitor.stop();
    await supervisor.stop();
    await stores.close();
    await closeScratch(scratch);
    process.exit(exitCode);
  };
  const report = (error: unknown) => log.error({ err: error }, 'stopping failed');
  onExpelled = () => void stop(`the box ${config.box} was removed from the service`, NOT_WELCOME).catch(report);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(signal).catch(report));
  process.on('disconnect', () => void stop('the service that started it has gone').catch(report));
  process.send?.({ type: 'ready' });
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) console.error(error.message);
  else console.error(error);
  process.exit(error instanceof NotWelcomeError ? NOT_WELCOME : 1);
});
