// The settings of a test: its own data folder, short leases, no log unless asked for.
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { loadConfig, type Config } from '../../src/config.js';
import { TEST_KEY } from './key.js';
import type { Log } from '../../src/log.js';

interface Scope {
  teardown(work: () => Promise<void> | void): void;
}

export function testConfig(t: Scope, changes: Partial<Config> = {}): Config {
  const dataDir = mkdtempSync(join(tmpdir(), 'trainyard-test-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  return { ...loadConfig({ env: {}, overrides: { TRAINYARD_LOG_FORMAT: 'json' } }), dataDir, port: 0, adminKey: TEST_KEY, rateLimit: null, leaseMs: 2_000, cancelGraceMs: 1_000, ...changes };
}

/** Silent, unless a test run sets TEST_LOG to a level. */
export function testLog(): Log {
  return pino({ level: process.env.TEST_LOG ?? 'silent' });
}
