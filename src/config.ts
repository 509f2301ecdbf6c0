// The only reader of process.env. Every setting, its meaning and its default, in one schema; the README's
// table is checked against it.
import { availableParallelism, hostname, totalmem } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { Type, type Static } from 'typebox';
import { Ajv } from 'ajv';
import { parseS3Url, type S3Credentials, type S3Location } from './artifacts/s3-location.js';
import { parseSimulatedGpus, SIMULATED_GPUS_PATTERN, type SimulatedGpus } from './devices/simulated-gpus.js';
import { oneOf, strictObject } from './schemas/build.js';
import { BOX_NAME_PATTERN } from './schemas/box.js';
import { tokenPattern } from './schemas/identity.js';
import { packageRoot } from './paths.js';
import { DEFAULT_SETTINGS, type Settings as SchedulerSettings } from './scheduler/state.js';

const seconds = (fallback: number, description: string, minimum = 0) => Type.Number({ minimum, default: fallback, description });
const days = (fallback: number, description: string) => Type.Number({ minimum: 0, maximum: 36_500, default: fallback, description });

export const Settings = strictObject({
  TRAINYARD_HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on.' }),
  TRAINYARD_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080, description: 'Port to listen on; 0 picks one and prints it.' }),
  TRAINYARD_DATA_DIR: Type.String({ minLength: 1, default: './data', description: 'Where the embedded database and the artifacts are; relative to the package.' }),
  TRAINYARD_ARTIFACTS_URL: Type.Optional(Type.String({ description: 'A bucket for the artifacts, on Amazon S3 or what speaks like it: `s3://bucket/prefix?endpoint=https://minio.example:9000&region=eu-central-1`. They are in the folder `artifacts` of the data when absent.' })),
  TRAINYARD_ARTIFACTS_CACHE_LIMIT: Type.Integer({ minimum: 0, default: 10 * 2 ** 30, description: 'What copies of files in the bucket may take of this box, in bytes; those in use come on top.' }),
  TRAINYARD_ROLE: oneOf(['all', 'api'], { default: 'all', description: '`all` also starts a supervisor on this box; `api` serves only.' }),
  TRAINYARD_AUTH: oneOf(['on', 'off'], { default: 'on', description: '`off` lets everybody who reaches the service use it without a key, as the team `default`; it listens on loopback only then.' }),
  TRAINYARD_ADMIN_KEY: Type.Optional(Type.String({ pattern: tokenPattern('key'), description: 'A key of the user `admin`, good from each start on until it is revoked, instead of the one that was set before: `ty_`, 16 hexadecimal digits, `_`, 48 more. Without it the first start makes one and prints it.' })),
  TRAINYARD_RATE_LIMIT: Type.Integer({ minimum: 0, default: 6000, description: 'Requests in a minute that one key may make of one process of the API; 0 is without a limit.' }),
  TRAINYARD_ALLOW_REMOTE: Type.Boolean({ default: false, description: 'Listen beyond loopback although `TRAINYARD_AUTH` is `off`.' }),
  TRAINYARD_ALLOWED_HOSTS: Type.String({ default: '', description: 'Names, with commas between, that the service may be asked for besides IP addresses and localhost.' }),
  TRAINYARD_LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'info', description: 'Least severe level that is logged.' }),
  TRAINYARD_LOG_FORMAT: oneOf(['auto', 'json', 'pretty'], { default: 'auto', description: '`auto` is pretty on a terminal, else JSON lines.' }),
  TRAINYARD_BODY_LIMIT: Type.Integer({ minimum: 1024, default: 8 * 1024 * 1024, description: 'Largest request body, in bytes.' }),
  TRAINYARD_BOX: Type.Optional(Type.String({ pattern: BOX_NAME_PATTERN, description: 'Name of this box; that of the host when absent.' })),
  TRAINYARD_WORKER_TOKEN: Type.Optional(Type.String({ pattern: tokenPattern('box'), description: 'The token of this box, where it was made by the API (`POST /v1/boxes`); once there is one, no other box joins without.' })),
  TRAINYARD_SLOTS: Type.Integer({ minimum: 0, default: 0, description: 'Runs that are trained on the processor at once; 0 is one for each two cores.' }),
  TRAINYARD_GPU_SLOTS: Type.Integer({ minimum: 1, default: 8, description: 'Runs at once on one GPU, at most; its memory may hold fewer.' }),
  TRAINYARD_SIMULATED_GPUS: Type.Optional(Type.String({ pattern: SIMULATED_GPUS_PATTERN, description: 'GPUs that are none, such as `2x16GiB`: runs are placed on them as on real ones and trained on the processor; for trying out how a box is shared.' })),
  TRAINYARD_QUANTUM_SECONDS: seconds(600, 'A run of a team that holds more than its share makes room after so long, when a team below its share waits.', 1),
  TRAINYARD_AGING_HOURS: Type.Number({ minimum: 0.001, maximum: 8_760, default: 12, description: 'The longest-waiting run of a user is served next after so long, whatever was used before; one in so long.' }),
  TRAINYARD_USAGE_HALF_LIFE_HOURS: Type.Number({ minimum: 0.001, maximum: 8_760, default: 24, description: 'What was used of the devices so long ago counts half.' }),
  TRAINYARD_MEMORY_LIMIT: Type.Integer({ minimum: 0, default: 0, description: 'Largest estimated memory of a run, in bytes; 0 is three quarters of the box.' }),
  TRAINYARD_LEASE_SECONDS: seconds(10, 'How long a run survives without a heartbeat of its supervisor.', 1),
  TRAINYARD_CANCEL_GRACE_SECONDS: seconds(10, 'How long a cancelled trainer may take before it is killed.'),
  TRAINYARD_IDLE_MINUTES: Type.Number({ minimum: 0, maximum: 525_600, default: 30, description: 'A run that holds devices and computes no step for so long has failed with `timeout`, with its training state kept; 0 is never.' }),
  TRAINYARD_SHUTDOWN_SECONDS: seconds(20, 'How long a stopping process may take.'),
  TRAINYARD_MAX_ATTEMPTS: Type.Integer({ minimum: 1, default: 3, description: 'Starts of a run before it is given up when its processes die or its devices fail; those after an orderly stop do not count.' }),
  TRAINYARD_STATE_RETENTION_DAYS: days(30, 'Days after its end for which a run keeps the training states that it could go on from; 0 is for ever. With the tag `keep` it keeps them anyway.'),
  TRAINYARD_RUN_RETENTION_DAYS: days(0, 'Days after its end when a run is deleted with all that it has, unless it has the tag `keep`; 0 is never.'),
  TRAINYARD_AUDIT_RETENTION_DAYS: days(365, 'Days for which it is kept who did what; 0 is for ever.'),
  DATABASE_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://', description: 'PostgreSQL 15 or later; embedded when absent.' })),
  REDIS_URL: Type.Optional(Type.String({ pattern: '^rediss?://', description: 'Redis 6.2 or later for the queue and the bus; PostgreSQL when absent.' })),
  AWS_ACCESS_KEY_ID: Type.Optional(Type.String({ description: 'Who asks for the bucket.' })),
  AWS_SECRET_ACCESS_KEY: Type.Optional(Type.String({ description: 'Its secret.' })),
  AWS_SESSION_TOKEN: Type.Optional(Type.String({ description: 'Where the key is a temporary one.' })),
});
export type Settings = Static<typeof Settings>;

export interface Config {
  host: string;
  port: number;
  dataDir: string;
  role: 'all' | 'api';
  allowedHosts: string[];
  /** Whether requests need a key. */
  auth: boolean;
  adminKey: string | null;
  /** Requests a minute; null is without a limit. */
  rateLimit: number | null;
  logLevel: Settings['TRAINYARD_LOG_LEVEL'];
  logFormat: 'json' | 'pretty';
  bodyLimitBytes: number;
  box: string;
  workerToken: string | null;
  slots: number;
  scheduling: SchedulerSettings;
  gpuSlots: number;
  /** They stand instead of real ones. */
  simulatedGpus: SimulatedGpus | null;
  memoryLimitBytes: number;
  leaseMs: number;
  cancelGraceMs: number;
  /** Null is never. */
  idleMs: number | null;
  shutdownMs: number;
  maxAttempts: number;
  /** Null is for ever. */
  stateRetentionMs: number | null;
  /** Null is for ever. */
  runRetentionMs: number | null;
  /** Null is for ever. */
  auditRetentionMs: number | null;
  databaseUrl: string | null;
  redisUrl: string | null;
  /** Null is the folder. */
  bucket: { location: S3Location; credentials: S3Credentials } | null;
  cacheLimitBytes: number;
}

/** Thrown with one line a fault, for the terminal. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(`The settings are wrong:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
const validate = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true, strict: true }).compile(Settings);

export interface ConfigSources {
  env?: NodeJS.ProcessEnv;
  /** Used where the environment is silent. */
  fallbacks?: Partial<Record<keyof Settings, string>>;
  /** Used whatever the environment says. */
  overrides?: Partial<Record<keyof Settings, string>>;
}

/** @throws ConfigError */
export function loadConfig({ env = process.env, fallbacks = {}, overrides = {} }: ConfigSources = {}): Config {
  const given: Record<string, string | undefined> = { ...fallbacks, ...env, ...overrides };
  const known = Object.keys(Settings.properties);
  const settings = Object.fromEntries(known.filter((name) => given[name] !== undefined && given[name] !== '').map((name) => [name, given[name]]));
  const faults = Object.keys(given)
    .filter((name) => name.startsWith('TRAINYARD_') && !known.includes(name))
    .map((name) => `${name}: there is no such setting`);
  if (!validate(settings)) {
    for (const error of validate.errors ?? []) faults.push(`${error.instancePath.slice(1)}: ${error.message}${error.params.allowedValues ? ` (${String(error.params.allowedValues)})` : ''}`);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  const s = settings as unknown as Settings;
  if (s.TRAINYARD_AUTH === 'off' && !LOOPBACK.has(s.TRAINYARD_HOST) && !s.TRAINYARD_ALLOW_REMOTE) {
    throw new ConfigError([`TRAINYARD_HOST: ${s.TRAINYARD_HOST} is reachable from other machines and TRAINYARD_AUTH is off; set TRAINYARD_ALLOW_REMOTE=true on a network that you trust`]);
  }
  return {
    host: s.TRAINYARD_HOST,
    port: s.TRAINYARD_PORT,
    dataDir: isAbsolute(s.TRAINYARD_DATA_DIR) ? s.TRAINYARD_DATA_DIR : resolve(packageRoot, s.TRAINYARD_DATA_DIR),
    role: s.TRAINYARD_ROLE,
    allowedHosts: s.TRAINYARD_ALLOWED_HOSTS.split(',').map((name) => name.trim()).filter((name) => name !== ''),
    auth: s.TRAINYARD_AUTH === 'on',
    adminKey: s.TRAINYARD_ADMIN_KEY ?? null,
    rateLimit: s.TRAINYARD_RATE_LIMIT || null,
    logLevel: s.TRAINYARD_LOG_LEVEL,
    logFormat: s.TRAINYARD_LOG_FORMAT === 'auto' ? (process.stdout.isTTY ? 'pretty' : 'json') : s.TRAINYARD_LOG_FORMAT,
    bodyLimitBytes: s.TRAINYARD_BODY_LIMIT,
    box: s.TRAINYARD_BOX ?? boxName(hostname()),
    workerToken: s.TRAINYARD_WORKER_TOKEN ?? null,
    slots: s.TRAINYARD_SLOTS || Math.max(1, Math.floor(availableParallelism() / 2)),
    scheduling: { ...DEFAULT_SETTINGS, quantumMs: s.TRAINYARD_QUANTUM_SECONDS * 1000, agingMs: s.TRAINYARD_AGING_HOURS * HOUR_MS, turnMs: (s.TRAINYARD_AGING_HOURS * HOUR_MS) / 2, halfLifeMs: s.TRAINYARD_USAGE_HALF_LIFE_HOURS * HOUR_MS },
    gpuSlots: s.TRAINYARD_GPU_SLOTS,
    simulatedGpus: parseSimulatedGpus(s.TRAINYARD_SIMULATED_GPUS ?? ''),
    memoryLimitBytes: s.TRAINYARD_MEMORY_LIMIT || Math.floor(boxMemoryBytes() * 0.75),
    leaseMs: s.TRAINYARD_LEASE_SECONDS * 1000,
    cancelGraceMs: s.TRAINYARD_CANCEL_GRACE_SECONDS * 1000,
    idleMs: s.TRAINYARD_IDLE_MINUTES === 0 ? null : s.TRAINYARD_IDLE_MINUTES * 60_000,
    shutdownMs: s.TRAINYARD_SHUTDOWN_SECONDS * 1000,
    maxAttempts: s.TRAINYARD_MAX_ATTEMPTS,
    stateRetentionMs: daysMs(s.TRAINYARD_STATE_RETENTION_DAYS),
    runRetentionMs: daysMs(s.TRAINYARD_RUN_RETENTION_DAYS),
    auditRetentionMs: daysMs(s.TRAINYARD_AUDIT_RETENTION_DAYS),
    databaseUrl: s.DATABASE_URL ?? null,
    redisUrl: s.REDIS_URL ?? null,
    bucket: s.TRAINYARD_ARTIFACTS_URL === undefined ? null : bucketOf(s, s.TRAINYARD_ARTIFACTS_URL),
    cacheLimitBytes: s.TRAINYARD_ARTIFACTS_CACHE_LIMIT,
  };
}

const HOUR_MS = 3600_000;
/** @throws ConfigError */
function bucketOf({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken }: Settings, url: string): Config['bucket'] {
  const faults: string[] = [];
  for (const [name, value] of Object.entries({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey })) if (value === undefined) faults.push(`${name}: must be set, for the bucket of TRAINYARD_ARTIFACTS_URL`);
  try {
    const location = parseS3Url(url);
    if (accessKeyId !== undefined && secretAccessKey !== undefined) return { location, credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } };
  } catch (error) {
    faults.unshift(`TRAINYARD_ARTIFACTS_URL: ${(error as Error).message}`);
  }
  throw new ConfigError(faults);
}

const daysMs = (count: number) => (count === 0 ? null : count * 24 * 3600_000);

export const artifactsDir = (config: Config) => join(config.dataDir, 'artifacts');
/** Of copies of what is in the bucket. */
export const cacheDir = (config: Config) => join(config.dataDir, 'cache');
export const scratchDir = (config: Config) => join(config.dataDir, 'scratch');

/** What a host may be called is more than a queue's name may hold. */
const boxName = (host: string) => host.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '').slice(0, 63) || 'box';

/** A container's limit where there is one, else the machine's memory. */
function boxMemoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}

/** What a trainer sees of the environment: all of it but the service's own settings and secrets. */
export function trainerEnv(): NodeJS.ProcessEnv {
  const ours = (name: string) => name.startsWith('TRAINYARD_') || Object.hasOwn(Settings.properties, name);
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours(name)));
  // One process per run shares the GPU with others: grow on demand. TensorFlow's own chatter is left out of the run's log.
  return { TF_FORCE_GPU_ALLOW_GROWTH: 'true', TF_CPP_MIN_LOG_LEVEL: '2', ...kept };
}

/** The settings as the environment of a child process of ours. */
export function childEnv(config: Config, connections: { databaseUrl: string }): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TRAINYARD_DATA_DIR: config.dataDir,
    TRAINYARD_LOG_LEVEL: config.logLevel,
    TRAINYARD_LOG_FORMAT: config.logFormat,
    DATABASE_URL: connections.databaseUrl,
  };
}
