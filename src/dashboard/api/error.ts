// What the service, or its silence, answered instead of what was asked for.
import type { Problem } from './types.js';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The problem's, or `unreachable`. */
  readonly code: string;
  /** 0 where there was no answer. */
  readonly status: number;
  /** What is wrong where: JSON pointers into the body, or parameters. */
  readonly faults: readonly { place: string; detail: string }[];
  readonly requestId: string | null;

  constructor({ code, status, message, faults = [], requestId = null }: { code: string; status: number; message: string; faults?: ApiError['faults']; requestId?: string | null }) {
    super(message);
    this.code = code;
    this.status = status;
    this.faults = faults;
    this.requestId = requestId;
  }

  /** Whether it makes sense to try again as it was. */
  get passing(): boolean {
    return this.status === 0 || this.status >= 500 || this.status === 429;
  }
}

export const unreachable = () => new ApiError({ code: 'unreachable', status: 0, message: 'The service does not answer.' });

/** Of an answer that is no success. */
export function toApiError(status: number, body: unknown): ApiError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<Problem>;
  return new ApiError({
    code: problem.code ?? 'unknown',
    status,
    message: problem.detail ?? problem.title ?? `The service answered ${status}.`,
    faults: (problem.errors ?? []).map((fault) => ({ place: String(('pointer' in fault && fault.pointer) || ('parameter' in fault && fault.parameter) || ''), detail: fault.detail })),
    requestId: problem.requestId ?? null,
  });
}

/** One sentence for people. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  return [error.message, ...error.faults.map(({ place, detail }) => `${place} ${detail}`.trim())].join(' ');
}
