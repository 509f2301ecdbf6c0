// The composition root of the API: stores, services, and the embedded database and supervisor where the
// settings ask for them. With compose-stores.ts the only place that constructs any of these.
import { sweepOrphans } from './artifacts/orphan-sweep.js';
import { composeStores } from './compose-stores.js';
import { childEnv, type Config } from './config.js';
import { createDatasetCatalog } from './datasets/catalog.js';
import { createDatasetPictures } from './datasets/pictures.js';
import { databaseError, pingDatabase } from './db/client.js';
import { createBoxService } from './devices/boxes.js';
import { migrate } from './db/migrate.js';
import { seedDatabase } from './db/seed.js';
import { createOutlooker } from './dispatch/outlooker.js';
import { createQueueService } from './dispatch/queue-service.js';
import { startEmbeddedPostgres } from './embedded/postgres.js';
import { startSupervisorProcess } from './embedded/supervisor-process.js';
import { createAudit } from './identity/audit.js';
import { createAuthenticator } from './identity/authenticator.js';
import { ensureFirstKey, openToAll } from './identity/first-key.js';
import { createKeyService } from './identity/keys.js';
import { createOpenConnections } from './identity/open-connections.js';
import { createSessionService } from './identity/sessions.js';
import { createShareService } from './identity/shares.js';
import { createTeamService } from './identity/teams.js';
import { createLedgerRepository } from './ledger/repository.js';
import { createLedgerService } from './ledger/service.js';
import { createLiveHub } from './live/hub.js';
import type { Log } from './log.js';
import { migrationsDir } from './paths.js';
import { createPredictService } from './predict/service.js';
import { findRecipe, RECIPES } from './recipes/catalog.js';
import { applyRetention } from './retention/retention.js';
import { createRunService } from './runs/service.js';
import { repeat } from './repeat.js';
import type { Services } from './services.js';
import { createDisk } from './usage/disk.js';
import { createUsageService } from './usage/service.js';

/** How often retention is applied and the store looked through. */
const HOUSEKEEPING_MS = 3600_000;
const CLOCK_MS = 30_000;

export interface Composition {
  services: Services;
  databaseUrl: string;
  /** The key of the first user where there was none before, to be shown this once. */
  firstKey: string | null;
  /** Stops what was started, in the reverse order. */
  close(): Promise<void>;
}

/** The API's services, with the embedded database and a supervisor where the settings ask for them. */
export async function compose(config: Config, log: Log, { keyName = 'TRAINYARD_ADMIN_KEY' }: { keyName?: string } = {}): Promise<Composition> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.reverse().splice(0)) await closer().catch((error: unknown) => log.error({ err: error }, 'closing failed'));
  };
  try {
    let { databaseUrl } = config;
    if (databaseUrl === null) {
      const postgres = await startEmbeddedPostgres({ dataDir: config.dataDir, log });
      closers.push(() => postgres.stop());
      databaseUrl = postgres.url;
    }
    await migrate({ url: databaseUrl, dir: migrationsDir, log });
    const stores = composeStores(config, databaseUrl, log);
    closers.push(() => stores.close());
    const datasets = createDatasetCatalog();
    const teamId = await seedDatabase(stores.database, datasets.list());
    const onError = (error: unknown, what: string) => log.warn({ err: error }, `${what} failed`);
    await stores.clock.look();
    const stopLooking = repeat(() => stores.clock.look(), { everyMs: CLOCK_MS, onError: (error) => log.debug({ err: error }, "the database's clock was not to be seen") });
    closers.push(async () => stopLooking());
    const firstKey = await ensureFirstKey(stores.database, { teamId, given: { key: config.adminKey, name: keyName } });
    const authenticator = config.auth ? createAuthenticator(stores.database, { onError }) : await openToAll(stores.database, teamId);
    if (!config.auth) log.warn('TRAINYARD_AUTH is off: everybody who reaches the service may use it, without a key');
    const openConnections = createOpenConnections({ authenticator, runs: stores.runs, onError: (error) => onError(error, 'looking for revoked keys') });
    closers.push(async () => openConnections.close(), async () => forgetRevoked());
    const checkOpen = () => void openConnections.check().catch((error: unknown) => onError(error, 'looking for revoked keys'));
    const forgetRevoked = stores.bus.onCommand(({ type }) => type === 'revoked' && checkOpen());
    // This process is told by the bus as well, but not while it is away.
    const onRevoked = () => {
      checkOpen();
      stores.bus.sendCommand({ type: 'revoked' }).catch((error: unknown) => onError(error, 'telling of a revoked key'));
    };
    const onChanged = () => void stores.bus.sendCommand({ type: 'changed' }).catch((error: unknown) => onError(error, 'telling the scheduler'));
    const sessions = createSessionService(stores.database, { onRevoked });
    const outlooker = createOutlooker();
    closers.push(() => outlooker.close());
    const queue = createQueueService({ ...stores, ...config, outlooker, now: stores.clock.now, findPlan: (id) => stores.runs.findPlan(id) });
    const services: Services = {
      ...stores,
      authenticator,
      openConnections,
      sessions,
      keys: createKeyService(stores.database, { onRevoked }),
      teams: createTeamService(stores.database, { onRevoked, onChanged }),
      shares: createShareService(stores.database, { onRevoked }),
      audit: createAudit(stores.database),
      boxes: createBoxService({ ...stores, leaseMs: config.leaseMs, onChanged }),
      datasets,
      pictures: createDatasetPictures(),
      recipes: { list: () => RECIPES, find: findRecipe },
      runs: createRunService({ ...stores, datasets, limits: { limitBytes: config.memoryLimitBytes }, outlook: (owner, spec, plan) => queue.plan(owner, spec, plan), onReordered: () => queue.forget(), onError }),
      queue,
      hub: createLiveHub({ events: stores.events, bus: stores.bus, findRun: (id) => stores.runs.findAny(id).catch((error: unknown) => Promise.reject(databaseError(error))), log }),
      predict: createPredictService({ ...stores, log }),
      usage: createUsageService({ usage: stores.usage, disk: createDisk(config.dataDir), bucket: config.bucket === null ? null : stores.store }),
      ledger: createLedgerService({ ledger: createLedgerRepository(stores.database) }),
      health: [
        { name: 'database', ping: () => pingDatabase(stores.database) },
        { name: 'queue', ping: () => stores.queue.ping() },
        { name: 'bus', ping: () => stores.bus.ping() },
        // A folder answers as long as this process does.
        ...(config.bucket === null ? [] : [{ name: 'artifacts' as const, ping: () => stores.store.ping() }]),
      ],
    };
    closers.push(() => services.hub.close(), () => services.predict.close());
    const stopSweeping = repeat(() => stores.lifecycle.sweepExpired(), { everyMs: config.leaseMs / 3, onError: (error) => onError(error, 'sweep of leases') });
    closers.push(async () => stopSweeping());
    const keepHouse = async () => {
      await sessions.forgetExpired();
      if (config.auditRetentionMs !== null) await services.audit.forget(new Date(Date.now() - config.auditRetentionMs));
      await applyRetention({ ...stores, ...config, log });
      await sweepOrphans({ ...stores, owner: teamId, log });
    };
    const stopKeepingHouse = repeat(keepHouse, { everyMs: HOUSEKEEPING_MS, atOnce: true, onError: (error) => onError(error, 'housekeeping') });
    closers.push(async () => stopKeepingHouse());
    if (config.role === 'all') {
      const supervisor = startSupervisorProcess({ env: childEnv(config, { databaseUrl }), shutdownMs: config.shutdownMs, log });
      closers.push(() => supervisor.stop());
    }
    return { services, databaseUrl, firstKey, close };
  } catch (error) {
    await close();
    throw error;
  }
}
