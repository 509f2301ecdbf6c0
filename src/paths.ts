// Where the package lies on disk. Compiled files sit in dist/src or in any other outDir, so nothing counts
// directories: the nearest package.json of ours above this file says it (a link to it counts as the original).
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory that holds our package.json, prisma/ and openapi/. Absolute. */
export const packageRoot = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

/** The reviewed SQL migrations, one directory each. Absolute. */
export const migrationsDir = join(packageRoot, 'prisma', 'migrations');

function findPackageRoot(start: string): string {
  for (let dir = start; ; dir = dirname(dir)) {
    const candidate = join(dir, 'package.json');
    if (packageName(candidate) === 'trainyard') return dirname(realpathSync(candidate));
    if (dirname(dir) === dir) throw new Error(`no package.json of trainyard above ${start}`);
  }
}

function packageName(path: string): unknown {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof parsed === 'object' && parsed !== null && 'name' in parsed ? parsed.name : undefined;
  } catch {
    return undefined;
  }
}
