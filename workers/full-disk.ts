// What the system says when a file has no room.

/** No space, no quota, or a file at the size that the process is limited to. */
const CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export function isFullDisk(error: unknown): boolean {
  return error instanceof Error && CODES.has((error as NodeJS.ErrnoException).code);
}
