// Copies PostgreSQL's programs to a place that the server's user can reach. Whoever can write there could make
// root start other programs, so the place must be ours and nobody else's to write.
import { constants } from 'node:fs';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { codeOf } from './errors.js';

export interface CopyOptions {
  /** The package's `native` directory. */
  from: string;
  /** The directory that will hold the copy, as `prepareParent` left it. */
  parent: string;
  /** Names the version, so that an update copies afresh. */
  name: string;
}

/** Makes the directory for copies when it is missing. @throws Error when it is somebody else's, or others may write to it. */
export async function prepareParent(parent: string): Promise<void> {
  const made = await mkdir(parent, { recursive: true });
  // Root's umask is often 077, and then nobody else could enter.
  if (made !== undefined) await chmod(parent, 0o755);
  await assertOursAlone(parent);
}

/** Answers the copy's path; an earlier complete copy is used again. @throws Error when it cannot be written. */
export async function copyBinaries({ from, parent, name }: CopyOptions): Promise<string> {
  const target = join(parent, name);
  if (await isComplete(from, target)) return target;
  await rm(target, { recursive: true, force: true });

  // Built under another name and moved: nobody sees half a copy, and of two starters the second finds it done.
  const building = await mkdtemp(join(parent, '.copying-'));
  try {
    for (const part of ['bin', 'lib', 'share', 'pg-symlinks.json']) {
      await cp(join(from, part), join(building, part), {
        recursive: true,
        verbatimSymlinks: true,
        mode: constants.COPYFILE_FICLONE,
        filter: isNeededAtRunTime,
      });
    }
    await chmod(building, 0o755);
    await rename(building, target);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    const moved = codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST';
    if (!moved || !(await isComplete(from, target))) throw error;
  }
  return target;
}

/** In a shared directory such as /tmp somebody may have made our directory before us, to put their programs there. */
async function assertOursAlone(dir: string): Promise<void> {
  const found = await lstat(dir);
  if (!found.isDirectory()) throw new Error('it is not a directory');
  if (found.uid !== process.getuid?.()) throw new Error(`it belongs to uid ${found.uid}`);
  if ((found.mode & 0o022) !== 0) throw new Error('others may write to it');
}

/** Compares sizes: a power cut soon after the move can leave files cut short. */
async function isComplete(from: string, target: string): Promise<boolean> {
  try {
    await assertOursAlone(target);
    for (const part of ['bin', 'lib', join('lib', 'postgresql')]) {
      for (const entry of await readdir(join(from, part), { withFileTypes: true })) {
        if (!entry.isFile() || !isNeededAtRunTime(entry.name)) continue;
        const [original, copy] = await Promise.all([from, target].map((root) => stat(join(root, part, entry.name))));
        if (original?.size !== copy?.size) return false;
      }
    }
    return true;
  } catch {
    return false;
  }
}

/** Static libraries and build files are a tenth of the package. */
function isNeededAtRunTime(path: string): boolean {
  return !path.endsWith('.a') && !['pgxs', 'pkgconfig'].includes(basename(path));
}
