// What the service, or its silence, answered instead of what was asked for.
import { labelOf, sentence } from '../lib/format.js';
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

/** For people: the faults where their places are told, without what the service says of every such request. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error);
  return [leadOf(error), ...error.faults.map(faultWords)].filter((text) => text !== '').join(' ');
}

/** What is said before the faults: nothing where it would be what the service says of every request with faults. */
export const leadOf = ({ status, message, faults }: ApiError): string => (faults.length > 0 && (status === 400 || status === 422) ? '' : message);

/** `Epochs must be at most 100000.` */
export function faultWords({ place, detail }: ApiError['faults'][number]): string {
  const text = /^(must|may|can|cannot|is|are|has|have|repeats)\b/.test(detail) ? `${subjectOf(place)} ${detail}` : sentence(detail);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** What a place is called: `Epochs`, `Item 2 of tags`, `Units (item 2 of layers)`. */
function subjectOf(place: string): string {
  const parts = place.split('/').filter((part) => part !== '');
  const at = parts.findLastIndex((part) => /^\d+$/.test(part));
  const item = at < 1 ? '' : `item ${Number(parts[at]) + 1} of ${labelOf(parts[at - 1]!).toLowerCase()}`;
  if (parts.length === 0) return 'It';
  return at === parts.length - 1 && item !== '' ? sentence(item) : `${labelOf(parts.at(-1)!)}${item === '' ? '' : ` (${item})`}`;
}
