// Which user the server runs as. PostgreSQL refuses to run as root, so root lends it another uid.
import { lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, EmbeddedPostgresError } from './errors.js';

/** Another user than ours; handed to `spawn` as it is. */
export interface Account {
  uid: number;
  gid: number;
}

/** `nobody` on every Linux: it owns no files that matter, and needs no entry in /etc/passwd. */
const NOBODY: Account = { uid: 65534, gid: 65534 };

/**
 * Undefined means: as ourselves. For root it is the owner of an existing cluster, so that a cluster made by a
 * normal user and later opened by root stays theirs, or else `nobody`.
 * @throws EmbeddedPostgresError not_permitted when we are not root and the cluster belongs to somebody else.
 */
export async function serverAccount(clusterDir: string): Promise<Account | undefined> {
  const we = process.getuid?.();
  const owner = await ownerOf(clusterDir);
  if (we === 0) return owner !== null && owner.uid !== 0 ? owner : NOBODY;
  if (owner !== null && owner.uid !== we) {
    throw new EmbeddedPostgresError(
      'not_permitted',
      `the database in ${clusterDir} belongs to uid ${owner.uid}, and we are uid ${we}: it was made when the service ran ` +
        `as another user. Start it as that user or as root, or hand the data over: chown -R ${we} ${clusterDir}`,
    );
  }
  return undefined;
}

async function ownerOf(path: string): Promise<Account | null> {
  try {
    const { uid, gid } = await lstat(path);
    return { uid, gid };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Gives a tree to the account; links are not followed. For a cluster that root restored from a backup. */
export async function giveTree(path: string, { uid, gid }: Account): Promise<void> {
  await lchown(path, uid, gid);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await giveTree(child, { uid, gid });
    else await lchown(child, uid, gid);
  }
}
