// The database cluster on disk: made once by initdb, complete or not at all, with a random password beside its data.
//
// Where it lies, and why it may stay there. PostgreSQL will not run as root, so root starts it as another uid, and
// that uid cannot open /root/checkout/data: /root is 0700. Moving the cluster to /var/lib would part it from the
// data directory (backups, `rm -r data`, a container's volume). So it stays, and the server enters through its
// working directory: the child's chdir happens while it is still root, and the server is told that its data is
// in /proc/self/cwd, which Linux resolves without walking the path. Nothing above the cluster needs opening up.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { giveTree, type Account } from './account.js';
import type { Binaries } from './binaries.js';
import { codeOf, EmbeddedPostgresError, explainFileError, explainOutput } from './errors.js';
import { isAlive } from './processes.js';

/** The one role of the cluster and its database bear this name. */
export const ROLE = 'trainyard';

const PASSWORD_FILE = 'trainyard.password';

export interface Cluster {
  /** PGDATA, owned by the account, mode 0700. Absolute. */
  dir: string;
  account: Account | undefined;
  password: string;
}

export interface OpenClusterOptions {
  /** Holds the cluster, its server's log and, at times, copied binaries. Absolute, and exists. */
  home: string;
  binaries: Binaries;
  account: Account | undefined;
}

export function clusterDirOf(home: string): string {
  return join(home, 'cluster');
}

/** What `-D` says: see the head of this file. The program must be spawned with the cluster as its `cwd`. */
export function dataArgument(dir: string, account: Account | undefined): string {
  return account !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : dir;
}

/**
 * Opens the cluster in `home`, and makes it first when there is none (about a second).
 * @throws EmbeddedPostgresError disk_full, not_permitted, wrong_version, start_failed.
 */
export async function openCluster({ home, binaries, account }: OpenClusterOptions): Promise<Cluster> {
  const dir = clusterDirOf(home);
  try {
    const found = await lstat(dir).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return null;
      throw error;
    });
    if (found === null) await createCluster({ home, binaries, account });
    else if (account !== undefined && found.uid !== account.uid) await giveTree(dir, account);
    await assertVersion(dir, binaries);
    return { dir, account, password: (await readFile(join(dir, PASSWORD_FILE), 'utf8')).trim() };
  } catch (error) {
    throw explainFileError(error, `opening the embedded database in ${dir}`);
  }
}

async function assertVersion(dir: string, binaries: Binaries): Promise<void> {
  const version = (await readFile(join(dir, 'PG_VERSION'), 'utf8')).trim();
  if (version === binaries.majorVersion) return;
  throw new EmbeddedPostgresError(
    'wrong_version',
    `the database in ${dir} was made by PostgreSQL ${version}, and this release brings PostgreSQL ${binaries.majorVersion}: ` +
      'dump it with the old release (pg_dump), move the directory away, and restore the dump',
  );
}

/** Works in a directory of its own and moves it: a crash, a full disk or a second starter leaves no half cluster. */
async function createCluster({ home, binaries, account }: OpenClusterOptions): Promise<void> {
  await removeAbandoned(home);
  const building = join(home, `.init-${process.pid}-${randomBytes(4).toString('hex')}`);
  const passwordPath = `${building}.password`;
  try {
    await mkdir(building, { mode: 0o700 });
    await chmod(building, 0o700);
    await writeFile(passwordPath, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    if (account !== undefined) await Promise.all([building, passwordPath].map((path) => chown(path, account.uid, account.gid)));
    await runInitdb({ dir: building, binaries, account, passwordPath });
    await rename(passwordPath, join(building, PASSWORD_FILE));
    await rename(building, clusterDirOf(home));
    await syncDirectory(home);
  } catch (error) {
    const outrun = codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST';
    if (!outrun) throw error;
  } finally {
    await Promise.all([building, passwordPath].map((path) => rm(path, { recursive: true, force: true })));
  }
}

interface InitdbOptions {
  dir: string;
  binaries: Binaries;
  account: Account | undefined;
  passwordPath: string;
}

async function runInitdb({ dir, binaries, account, passwordPath }: InitdbOptions): Promise<void> {
  // initdb reads the password as its own user, who may be unable to walk to the file; an open file needs no walk.
  const password = await open(passwordPath, 'r');
  try {
    const child = spawn(
      binaries.initdb,
      [
        `--pgdata=${dataArgument(dir, account)}`,
        `--username=${ROLE}`,
        '--pwfile=/dev/fd/3',
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // PostgreSQL's own C.UTF-8: the order of strings never changes with the system's C library.
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        // The log is kept in files of this many megabytes; at 16, an empty database would take 40 MB of disk.
        '--wal-segsize=4',
        '--no-instructions',
      ],
      { ...account, cwd: dir, env: { PATH: '/usr/bin:/bin', TZ: 'UTC' }, stdio: ['ignore', 'pipe', 'pipe', password.fd] },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    const status = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (status !== 0) throw explainOutput(output, `making the embedded database in ${dir} failed`);
  } finally {
    await password.close();
  }
}

/** What starters that were killed left behind. */
async function removeAbandoned(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const pid = /^\.init-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(home, name), { recursive: true, force: true });
  }
}

/** Makes the rename survive a power cut. */
async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
