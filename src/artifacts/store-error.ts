// What goes wrong with storage that is not a folder. A folder's faults are Node's own.

/**
 * `away`: it does not answer now, so that trying again later is right. `full`: no room, or over a quota. `refused`: the
 * settings are wrong, as far as credentials, rights or the bucket go. `missing`: there is no such file. `damaged`: the
 * bytes are not those of the name.
 */
export type StoreFault = 'away' | 'full' | 'refused' | 'missing' | 'damaged';

export interface StoreErrorDetails {
  /** What was asked, as a file error names its system call. */
  syscall?: string;
  /** What was answered. */
  code?: string;
  cause?: unknown;
}

const MEANINGS: Record<StoreFault, string> = {
  away: 'the artifact storage does not answer',
  full: 'the artifact storage is full',
  refused: 'the artifact storage refuses',
  missing: 'the artifact storage has no such file',
  damaged: 'the artifact storage gave other bytes than were stored',
};

export class StoreError extends Error {
  readonly fault: StoreFault;
  readonly code: string;
  readonly syscall: string | undefined;

  constructor(fault: StoreFault, { syscall, code, cause }: StoreErrorDetails = {}) {
    super([MEANINGS[fault], [syscall, code].filter((part) => part !== undefined).join(': ')].filter((part) => part !== '').join(': '), { cause });
    this.name = 'StoreError';
    this.fault = fault;
    // Full is full, whatever it is that is full: a run's cause is the same.
    this.code = fault === 'full' ? 'EDQUOT' : (code ?? fault);
    this.syscall = syscall;
  }
}

const isFault = (error: unknown, fault: StoreFault) => error instanceof StoreError && error.fault === fault;
export const isStoreAway = (error: unknown) => isFault(error, 'away');
export const isMissing = (error: unknown) => isFault(error, 'missing');
export const isDamaged = (error: unknown) => isFault(error, 'damaged');
