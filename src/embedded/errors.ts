// Why the embedded database does not start. These are for the person at the terminal; HTTP never sees them.

export type EmbeddedPostgresFault =
  | 'unsupported_platform'
  | 'binaries_missing'
  | 'binaries_unusable'
  | 'not_permitted'
  | 'disk_full'
  | 'in_use'
  | 'wrong_version'
  | 'start_failed';

export class EmbeddedPostgresError extends Error {
  readonly fault: EmbeddedPostgresFault;

  constructor(fault: EmbeddedPostgresFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EmbeddedPostgresError';
    this.fault = fault;
  }
}

/** The `code` of a system or PostgreSQL error (`ENOSPC`, `57P03`), or '' where there is none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Gives a failed file operation the name of its cause: full disk, missing rights, or nothing better. */
export function explainFileError(error: unknown, doing: string): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error;
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new EmbeddedPostgresError('disk_full', `${doing}: no space is left on the disk`, error);
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new EmbeddedPostgresError('not_permitted', `${doing}: not permitted (${messageOf(error)})`, error);
  }
  return new EmbeddedPostgresError('start_failed', `${doing}: ${messageOf(error)}`, error);
}

/** The same for what a PostgreSQL program wrote before it gave up. */
export function explainOutput(output: string, doing: string): EmbeddedPostgresError {
  const words = complaints(output);
  const message = words === '' ? doing : `${doing}\n${words}`;
  if (/no space left on device|disk quota exceeded/i.test(output)) {
    return new EmbeddedPostgresError('disk_full', `${doing}: no space is left on the disk\n${words}`);
  }
  if (/permission denied|operation not permitted|read-only file system/i.test(output)) {
    return new EmbeddedPostgresError('not_permitted', message);
  }
  if (/could not look up effective user ID/i.test(output)) {
    const advice = 'PostgreSQL runs only as a user that the system knows: give this uid a line in /etc/passwd, start as root, or name a database by DATABASE_URL';
    return new EmbeddedPostgresError('not_permitted', `${message}\n${advice}`);
  }
  return new EmbeddedPostgresError('start_failed', message);
}

/** The lines that tell what is wrong; the programs also tell at length what they do. At most eight lines. */
function complaints(output: string): string {
  const lines = output.trim().split('\n');
  const wrong = lines.filter((line) => /FATAL|PANIC|ERROR|HINT|error:|fatal:|could not/.test(line));
  return (wrong.length > 0 ? wrong : lines).slice(-8).join('\n');
}
