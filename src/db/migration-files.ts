// The migrations on disk: prisma/migrations/<stamp>_<what>/migration.sql, applied in the order of their names.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Migration {
  /** The directory's name, such as `20260101120000_init`. */
  name: string;
  sql: string;
  /** SHA-256 of the file, hex. */
  checksum: string;
  /** All checksums that count as this file's: with either kind of line ending, since git may turn them. */
  checksums: readonly string[];
}

/** @throws when the directory or one of the scripts cannot be read. */
export async function readMigrations(dir: string): Promise<Migration[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return await Promise.all(names.sort().map((name) => readMigration(dir, name)));
}

async function readMigration(dir: string, name: string): Promise<Migration> {
  const sql = await readFile(join(dir, name, 'migration.sql'), 'utf8');
  const unix = sql.replaceAll('\r\n', '\n');
  return { name, sql, checksum: sha256(sql), checksums: [sql, unix, unix.replaceAll('\n', '\r\n')].map(sha256) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
