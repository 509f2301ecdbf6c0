// Settings: defaults, what wins over what, and a sentence for each fault.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { artifactsDir, cacheDir, childEnv, ConfigError, loadConfig, scratchDir, trainerEnv, type ConfigSources } from '../../src/config.js';
import { packageRoot } from '../../src/paths.js';
import { DEFAULT_SETTINGS } from '../../src/scheduler/state.js';
import { TEST_KEY } from '../helpers/key.js';

const load = (env: NodeJS.ProcessEnv = {}, rest: ConfigSources = {}) => loadConfig({ env, ...rest });

function faultsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.replace('The settings are wrong:\n', '').split('\n').map((fault) => fault.trim());
  }
}

t.test('with nothing set', async (t) => {
  const config = load();
  t.match(config, {
    host: '127.0.0.1', port: 8080, role: 'all', logLevel: 'info', bodyLimitBytes: 8 * 2 ** 20,
    slots: Math.max(1, Math.floor(availableParallelism() / 2)), gpuSlots: 8, simulatedGpus: null, allowedHosts: [], leaseMs: 10_000, cancelGraceMs: 10_000, idleMs: 1_800_000, shutdownMs: 20_000, maxAttempts: 3, stateRetentionMs: 30 * 86_400_000, runRetentionMs: null, databaseUrl: null, redisUrl: null, bucket: null, cacheLimitBytes: 10 * 2 ** 30,
  }, 'the defaults');
  t.equal(config.dataDir, join(packageRoot, 'data'), 'data lie in the package');
  t.ok(config.memoryLimitBytes > 2 ** 28 && Number.isInteger(config.memoryLimitBytes), 'the memory limit is a part of this box');
  t.equal(artifactsDir(config), join(config.dataDir, 'artifacts'), 'artifacts lie among the data');
  t.equal(cacheDir(config), join(config.dataDir, 'cache'), 'so do copies of what is elsewhere');
  t.equal(scratchDir(config), join(config.dataDir, 'scratch'), 'and so does the scratch folder');
  t.strictSame(load({ TRAINYARD_PORT: '', DATABASE_URL: '' }), config, 'an empty setting is none');
});

t.test('with everything set', async (t) => {
  t.strictSame(load({
    TRAINYARD_HOST: '::1', TRAINYARD_PORT: '0', TRAINYARD_DATA_DIR: '/srv/yard', TRAINYARD_ROLE: 'api', TRAINYARD_AUTH: 'off', TRAINYARD_ADMIN_KEY: TEST_KEY, TRAINYARD_RATE_LIMIT: '0', TRAINYARD_LOG_LEVEL: 'trace', TRAINYARD_LOG_FORMAT: 'pretty',
    TRAINYARD_BODY_LIMIT: '1024', TRAINYARD_BOX: 'yard-1', TRAINYARD_WORKER_TOKEN: TEST_KEY.replace('ty_', 'tyw_'), TRAINYARD_SLOTS: '7', TRAINYARD_GPU_SLOTS: '3', TRAINYARD_SIMULATED_GPUS: '2x16GiB', TRAINYARD_QUANTUM_SECONDS: '5', TRAINYARD_AGING_HOURS: '2', TRAINYARD_USAGE_HALF_LIFE_HOURS: '0.5', TRAINYARD_MEMORY_LIMIT: '123', TRAINYARD_ALLOWED_HOSTS: 'yard.lan, yard', TRAINYARD_LEASE_SECONDS: '1.5', TRAINYARD_CANCEL_GRACE_SECONDS: '1', TRAINYARD_SHUTDOWN_SECONDS: '2', TRAINYARD_IDLE_MINUTES: '0',
    TRAINYARD_MAX_ATTEMPTS: '1', TRAINYARD_STATE_RETENTION_DAYS: '0', TRAINYARD_RUN_RETENTION_DAYS: '0.5', TRAINYARD_AUDIT_RETENTION_DAYS: '0', DATABASE_URL: 'postgres://db/yard', REDIS_URL: 'rediss://redis',
    TRAINYARD_ARTIFACTS_URL: 's3://yard/team?endpoint=https://minio.lan:9000&region=eu-1', TRAINYARD_ARTIFACTS_CACHE_LIMIT: '5', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token',
  }), {
    host: '::1', port: 0, dataDir: '/srv/yard', role: 'api', logLevel: 'trace', logFormat: 'pretty', bodyLimitBytes: 1024, box: 'yard-1', workerToken: TEST_KEY.replace('ty_', 'tyw_'), slots: 7, gpuSlots: 3, simulatedGpus: { count: 2, memoryMiB: 16384 },
    scheduling: { ...DEFAULT_SETTINGS, quantumMs: 5_000, agingMs: 7_200_000, turnMs: 3_600_000, halfLifeMs: 1_800_000 }, memoryLimitBytes: 123,
    allowedHosts: ['yard.lan', 'yard'], auth: false, adminKey: TEST_KEY, rateLimit: null, leaseMs: 1500, cancelGraceMs: 1000, idleMs: null, shutdownMs: 2000, maxAttempts: 1, stateRetentionMs: null, runRetentionMs: 43_200_000, auditRetentionMs: null, databaseUrl: 'postgres://db/yard', redisUrl: 'rediss://redis', cacheLimitBytes: 5,
    bucket: { location: { bucket: 'yard', prefix: 'team/', endpoint: 'https://minio.lan:9000', region: 'eu-1' }, credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' } },
  }, 'each goes to its place');
  t.equal(load({ TRAINYARD_DATA_DIR: 'elsewhere/data' }).dataDir, join(packageRoot, 'elsewhere/data'), 'a relative folder is one of the package');
});

t.test('the environment wins over fallbacks, overrides over both', async (t) => {
  const sources = { fallbacks: { TRAINYARD_LOG_LEVEL: 'warn', TRAINYARD_PORT: '1' }, overrides: { TRAINYARD_ROLE: 'all' } } as const;
  t.match(load({ TRAINYARD_PORT: '2', TRAINYARD_ROLE: 'api' }, sources), { logLevel: 'warn', port: 2, role: 'all' }, 'each in its rank');
});

t.test('a fault is a sentence that names its setting', async (t) => {
  const cases: [NodeJS.ProcessEnv, string][] = [
    [{ TRAINYARD_PORT: 'http' }, 'TRAINYARD_PORT: must be integer'],
    [{ TRAINYARD_PORT: '80.5' }, 'TRAINYARD_PORT: must be integer'],
    [{ TRAINYARD_PORT: '-1' }, 'TRAINYARD_PORT: must be >= 0'],
    [{ TRAINYARD_PORT: '65536' }, 'TRAINYARD_PORT: must be <= 65535'],
    [{ TRAINYARD_ROLE: 'worker' }, 'TRAINYARD_ROLE: must be equal to one of the allowed values (all,api)'],
    [{ TRAINYARD_LOG_LEVEL: 'loud' }, 'TRAINYARD_LOG_LEVEL: must be equal to one of the allowed values (trace,debug,info,warn,error,fatal,silent)'],
    [{ TRAINYARD_LOG_FORMAT: 'xml' }, 'TRAINYARD_LOG_FORMAT: must be equal to one of the allowed values (auto,json,pretty)'],
    [{ TRAINYARD_AUTH: 'no' }, 'TRAINYARD_AUTH: must be equal to one of the allowed values (on,off)'],
    [{ TRAINYARD_ADMIN_KEY: 'secret' }, 'TRAINYARD_ADMIN_KEY: must match pattern "^ty_([0-9a-f]{16})_([0-9a-f]{48})$"'],
    [{ TRAINYARD_ALLOW_REMOTE: 'maybe' }, 'TRAINYARD_ALLOW_REMOTE: must be boolean'],
    [{ TRAINYARD_BODY_LIMIT: '1023' }, 'TRAINYARD_BODY_LIMIT: must be >= 1024'],
    [{ TRAINYARD_SLOTS: '-1' }, 'TRAINYARD_SLOTS: must be >= 0'],
    [{ TRAINYARD_GPU_SLOTS: '0' }, 'TRAINYARD_GPU_SLOTS: must be >= 1'],
    [{ TRAINYARD_SIMULATED_GPUS: '2x16' }, 'TRAINYARD_SIMULATED_GPUS: must match pattern "^[1-9][0-9]?x[1-9][0-9]{0,5}(MiB|GiB)$"'],
    [{ TRAINYARD_WORKER_TOKEN: TEST_KEY }, 'TRAINYARD_WORKER_TOKEN: must match pattern "^tyw_([0-9a-f]{16})_([0-9a-f]{48})$"'],
    [{ TRAINYARD_QUANTUM_SECONDS: '0' }, 'TRAINYARD_QUANTUM_SECONDS: must be >= 1'],
    [{ TRAINYARD_AGING_HOURS: '0' }, 'TRAINYARD_AGING_HOURS: must be >= 0.001'],
    [{ TRAINYARD_USAGE_HALF_LIFE_HOURS: 'long' }, 'TRAINYARD_USAGE_HALF_LIFE_HOURS: must be number'],
    [{ TRAINYARD_MEMORY_LIMIT: '8G' }, 'TRAINYARD_MEMORY_LIMIT: must be integer'],
    [{ TRAINYARD_LEASE_SECONDS: '0.9' }, 'TRAINYARD_LEASE_SECONDS: must be >= 1'],
    [{ TRAINYARD_CANCEL_GRACE_SECONDS: 'soon' }, 'TRAINYARD_CANCEL_GRACE_SECONDS: must be number'],
    [{ TRAINYARD_SHUTDOWN_SECONDS: 'late' }, 'TRAINYARD_SHUTDOWN_SECONDS: must be number'],
    [{ TRAINYARD_MAX_ATTEMPTS: '0' }, 'TRAINYARD_MAX_ATTEMPTS: must be >= 1'],
    [{ TRAINYARD_STATE_RETENTION_DAYS: '-1' }, 'TRAINYARD_STATE_RETENTION_DAYS: must be >= 0'],
    [{ TRAINYARD_RUN_RETENTION_DAYS: 'never' }, 'TRAINYARD_RUN_RETENTION_DAYS: must be number'],
    [{ DATABASE_URL: 'mysql://db' }, 'DATABASE_URL: must match pattern "^postgres(ql)?://"'],
    [{ REDIS_URL: 'http://redis' }, 'REDIS_URL: must match pattern "^rediss?://"'],
    [{ TRAINYARD_PROT: '80' }, 'TRAINYARD_PROT: there is no such setting'],
  ];
  for (const [env, fault] of cases) t.strictSame(faultsOf(env), [fault], fault);
  t.strictSame(faultsOf({ TRAINYARD_PROT: '80', TRAINYARD_PORT: 'x', TRAINYARD_MAX_ATTEMPTS: '0' }).length, 3, 'all faults are told at once');
  t.strictSame(faultsOf({ PATH: '/bin', TRAIN: '1' }), [], 'what is not ours is not our business');
});

t.test('without authentication it listens on loopback only', async (t) => {
  const off = { TRAINYARD_AUTH: 'off' };
  for (const host of ['127.0.0.1', '::1', 'localhost']) t.equal(load({ ...off, TRAINYARD_HOST: host }).host, host, `${host} is loopback`);
  for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.com', '127.0.0.1.example.com']) {
    t.equal(load({ TRAINYARD_HOST: host }).host, host, `${host} is allowed where keys are asked for`);
    t.strictSame(faultsOf({ ...off, TRAINYARD_HOST: host }), [
      `TRAINYARD_HOST: ${host} is reachable from other machines and TRAINYARD_AUTH is off; set TRAINYARD_ALLOW_REMOTE=true on a network that you trust`,
    ], `${host} is refused`);
    t.equal(load({ ...off, TRAINYARD_HOST: host, TRAINYARD_ALLOW_REMOTE: 'true' }).host, host, `${host} is allowed by one who says so`);
  }
  t.equal(faultsOf({ ...off, TRAINYARD_HOST: '0.0.0.0', TRAINYARD_ALLOW_REMOTE: 'false' }).length, 1, 'false is not true');
});

t.test('a bucket needs an address and a key', async (t) => {
  const key = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'hunter2' };
  t.match(load({ ...key, TRAINYARD_ARTIFACTS_URL: 's3://yard' }).bucket, { location: { bucket: 'yard', prefix: '', endpoint: null, region: 'us-east-1' }, credentials: { accessKeyId: 'id', secretAccessKey: 'hunter2', sessionToken: undefined } });
  t.equal(load(key).bucket, null, 'a key alone asks for none');
  const faults = faultsOf({ TRAINYARD_ARTIFACTS_URL: 'https://yard.example/bucket' });
  t.strictSame(faults, [
    'TRAINYARD_ARTIFACTS_URL: must be like s3://bucket/prefix?endpoint=https://minio.example:9000&region=eu-central-1',
    'AWS_ACCESS_KEY_ID: must be set, for the bucket of TRAINYARD_ARTIFACTS_URL',
    'AWS_SECRET_ACCESS_KEY: must be set, for the bucket of TRAINYARD_ARTIFACTS_URL',
  ]);
  t.strictSame(faultsOf({ AWS_ACCESS_KEY_ID: 'id', TRAINYARD_ARTIFACTS_URL: 's3://yard' }), faults.slice(2), 'half a key is none');
});

t.test('a trainer sees no secret of the service', async (t) => {
  const secrets = { TRAINYARD_ADMIN_KEY: 'a', DATABASE_URL: 'b', REDIS_URL: 'c', AWS_ACCESS_KEY_ID: 'd', AWS_SECRET_ACCESS_KEY: 'e', AWS_SESSION_TOKEN: 'f' };
  const before = { ...process.env };
  t.teardown(() => {
    for (const name of Object.keys(secrets)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
  Object.assign(process.env, secrets);
  const env = trainerEnv();
  t.strictSame(Object.keys(secrets).filter((name) => name in env), []);
  t.equal(env['PATH'], process.env['PATH'], 'the rest it does');
});

t.test('a child of ours is told what its parent knows', async (t) => {
  const config = load({ TRAINYARD_DATA_DIR: '/srv/yard', TRAINYARD_LOG_LEVEL: 'error', TRAINYARD_LOG_FORMAT: 'json' });
  const env = childEnv(config, { databaseUrl: 'postgres://db/yard' });
  t.match(env, { TRAINYARD_DATA_DIR: '/srv/yard', TRAINYARD_LOG_LEVEL: 'error', TRAINYARD_LOG_FORMAT: 'json', DATABASE_URL: 'postgres://db/yard' }, 'where its data and its database are');
});
