// The supervisor of one box, a process of its own: takes runs from the queue, forks a trainer for each,
// holds their leases. Started by the service (role `all`) or by itself: node dist/workers/supervisor.js
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ConfigError, loadConfig, scratchDir, trainerEnv, type Config } from '../src/config.js';
import { composeStores, type Stores } from '../src/compose-stores.js';
import { migrate } from '../src/db/migrate.js';
import { isSecretOf, parseToken } from '../src/identity/token.js';
import type { Box } from '../src/devices/box-repository.js';
import { createLog } from '../src/log.js';
import { migrationsDir } from '../src/paths.js';
import { repeat } from '../src/repeat.js';
import { closeScratch, openScratch, sweepScratch } from './scratch.js';
import { startSupervisor } from './supervise.js';
import { probeBackendsApart } from './backend-probe.js';
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
  const joined = await join(stores, config);
  const owner = { host: hostname(), pid: process.pid };
  const scratch = await openScratch(scratchDir(config), owner);
  const id = randomUUID();
  const monitor = startBoxMonitor({
    simulatedGpus: config.simulatedGpus,
    cpuSlots: config.slots,
    gpuSlots: config.gpuSlots,
    cpuMemoryMiB: Math.floor(config.memoryLimitBytes / 2 ** 20),
    probe: probeBackendsApart,
    onRemark: (remark) => log.warn(remark),
    onError: (error) => log.warn({ err: error }, 'the devices could not be looked at; it is tried again'),
  });
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
    async isWelcome() {
      const box = await stores.boxes.find(config.box);
      return box !== null && box.phase !== 'removed' && box.tokenHash === joined.tokenHash;
    },
    onExpelled: () => void stop(`the box ${config.box} was removed from the service`).catch(report),
    stores,
    log,
  });
  const stopPublishing = repeat(() => publishSamples(stores.bus, { id, box: config.box }, monitor), { everyMs: SAMPLE_MS, onError: (error) => log.debug({ err: error }, 'samples of the devices are lost') });
  const sweep = async () => {
    const before = Date.now() - SILENT_MS;
    await stores.workers.forgetSilent(new Date(before));
    await sweepScratch(scratchDir(config), { heardOf: [owner, ...(await stores.workers.listAlive(new Date(before)))], before });
  };
  const stopSweeping = repeat(sweep, { everyMs: SWEEP_MS, atOnce: true, onError: (error) => log.warn({ err: error }, 'sweep of what killed supervisors left failed; it is tried again') });

  let stopping = false;
  const stop = async (why: string) => {
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
    process.exit(0);
  };
  const report = (error: unknown) => log.error({ err: error }, 'stopping failed');
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(signal).catch(report));
  process.on('disconnect', () => void stop('the service that started it has gone').catch(report));
  process.send?.({ type: 'ready' });
}

/** @throws ConfigError where this box may not take part */
async function join({ boxes, workers }: Pick<Stores, 'boxes' | 'workers'>, { box: name, workerToken, leaseMs }: Config): Promise<Box> {
  const box = await boxes.register(name);
  // Devices are known by the name of their box: two machines of one name would be given each other's runs.
  const namesake = (await workers.listAlive(new Date(Date.now() - leaseMs))).find((worker) => worker.box === name && worker.host !== hostname());
  if (namesake !== undefined) throw new ConfigError([`TRAINYARD_BOX: ${name} is the box of the host ${namesake.host}, which was heard of a moment ago; each machine has a name of its own`]);
  if (box.phase === 'removed') throw new ConfigError([`TRAINYARD_BOX: the box ${name} was removed from the service; it can be made anew (POST /v1/boxes)`]);
  const shown = workerToken === null ? null : parseToken(workerToken);
  if (box.tokenHash !== null && (shown === null || !isSecretOf(shown.secret, box.tokenHash))) throw new ConfigError([`TRAINYARD_WORKER_TOKEN: ${workerToken === null ? 'is missing' : 'is not that'} of the box ${name}`]);
  return box;
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) console.error(error.message);
  else console.error(error);
  process.exit(1);
});
