// Holds the files against the database's history of migrations. Pure: it decides, the runner acts.
import type { Migration } from './migration-files.js';

/** The schema cannot be brought up to the code; the message is for the person at the terminal. */
export class MigrationError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MigrationError';
  }
}

/** One entry of `_prisma_migrations` that was not rolled back. */
export interface AppliedMigration {
  name: string;
  checksum: string;
  /** False: somebody began it, and it failed half-way. */
  isFinished: boolean;
  logs: string | null;
}

/**
 * Answers the migrations that are still to be applied, in the order given.
 * @throws MigrationError when an entry failed, or is unknown to the code, or was made from another text.
 */
export function checkHistory(files: readonly Migration[], history: readonly AppliedMigration[]): Migration[] {
  const failed = history.find(({ isFinished }) => !isFinished);
  if (failed !== undefined) {
    throw new MigrationError(
      `migration ${failed.name} was begun and has failed, so the state of the schema is unknown` +
        `${failed.logs ? ` (${failed.logs})` : ''}. Repair it by hand, then: npx prisma migrate resolve --rolled-back ${failed.name}`,
    );
  }
  const known = new Map(files.map((file) => [file.name, file]));
  const unknown = history.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (unknown.length > 0) {
    throw new MigrationError(
      `the database is ahead of the code: it has ${unknown.join(', ')}, which this release does not know. ` +
        'A newer release has migrated it; start that release or a later one',
    );
  }
  const edited = history.filter(({ name, checksum }) => known.get(name)?.checksums.includes(checksum) === false).map(({ name }) => name);
  if (edited.length > 0) {
    throw new MigrationError(
      `${edited.join(', ')}: edited after it was applied to this database. Restore the file; a change of the schema is a new migration`,
    );
  }
  const applied = new Set(history.map(({ name }) => name));
  return files.filter(({ name }) => !applied.has(name));
}
