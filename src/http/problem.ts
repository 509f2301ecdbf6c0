// From any error to the problem that a client gets. What is not the client's doing says no more than its title.
import type { FastifyRequest } from 'fastify';
import { isStoreAway } from '../artifacts/store-error.js';
import { databaseError } from '../db/client.js';
import { ERRORS, ServiceError, type ErrorCode, type ParameterProblem } from '../errors.js';
import type { CheckResult } from '../schemas/health.js';
import { pointerKeys } from '../schemas/pointer.js';
import type { Problem, ProblemError } from '../schemas/problem.js';
import { schemaProblems } from '../specs/schema-problems.js';
import type { ValidationFault } from './validation.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** A not-ready answer carries what was asked; nothing else that fails on our side carries anything. */
export class NotReadyError extends ServiceError {
  readonly checks: readonly CheckResult[];

  constructor(checks: readonly CheckResult[]) {
    super('not_ready');
    this.checks = checks;
  }
}

/** Fastify's own errors: their messages are for clients. */
interface FrameworkError extends Error {
  code?: unknown;
  statusCode?: unknown;
  validation?: ValidationFault[];
  validationContext?: string;
}

const CODE_OF_STATUS: Partial<Record<number, ErrorCode>> = {
  404: 'not_found',
  405: 'method_not_allowed',
  406: 'not_acceptable',
  408: 'request_timeout',
  412: 'precondition_failed',
  413: 'body_too_large',
  414: 'not_found',
  415: 'unsupported_media_type',
  416: 'range_not_satisfiable',
  429: 'rate_limited',
  431: 'headers_too_large',
};

/** Where Fastify's own words repeat the address, or tell less than can be told. */
const OWN_WORDS: Partial<Record<string, [ErrorCode, string]>> = {
  FST_ERR_BAD_URL: ['bad_request', 'The address is malformed: each % must begin the UTF-8 code of a character.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'A part of the address is longer than anything here is named.'],
};

/** Any error as one of ours; what nobody foresaw is `internal`. */
export function toServiceError(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof Error) {
    const { validation, validationContext, statusCode, code } = error as FrameworkError;
    if (validation !== undefined) return validationError(validation, validationContext ?? 'body');
    if (typeof code === 'string' && OWN_WORDS[code] !== undefined) return new ServiceError(...OWN_WORDS[code], { cause: error });
    if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
      const told = typeof code === 'string' && code.startsWith('FST_') ? error.message : undefined;
      return new ServiceError(CODE_OF_STATUS[statusCode] ?? 'bad_request', told, { cause: error });
    }
  }
  if (isStoreAway(error)) return new ServiceError('artifacts_unavailable', undefined, { cause: error });
  const known = databaseError(error);
  return known instanceof ServiceError ? known : new ServiceError('internal', undefined, { cause: error });
}

/** A path that no id can have names nothing, so it is not found rather than malformed. */
function validationError(faults: readonly ValidationFault[], context: string): ServiceError {
  const problems = schemaProblems(faults);
  if (context === 'body') return new ServiceError('bad_request', 'The body does not have the form that this route takes.', { problems });
  const place = context === 'params' ? 'path' : context === 'headers' ? 'header' : 'query';
  const parameters = problems.map(({ pointer, detail }): ParameterProblem => ({ in: place, parameter: pointerKeys(pointer)[0] ?? '', detail }));
  if (place === 'path') {
    return new ServiceError('not_found', `Nothing has this address: ${parameters.map(({ parameter, detail }) => `${parameter} ${detail}`).join(', ')}.`, { parameters });
  }
  const what = new Set(faults.map(({ keyword }) => (keyword === 'additionalProperties' ? 'parameters' : keyword === 'required' ? 'gaps' : 'values')));
  const whole = place === 'header' ? 'The headers have' : 'The query has';
  const told = what.size > 1 ? 'several faults' : what.has('gaps') ? 'not all that this route needs' : `${[...what].join('')} that this route does not take`;
  return new ServiceError('bad_request', `${whole} ${told}.`, { parameters });
}

export function isRetryable(code: ErrorCode): boolean {
  const { status } = ERRORS[code];
  return status === 429 || status === 503 || status === 408 || code === 'idempotency_conflict';
}

/** The body on the wire. */
export function toProblem(error: ServiceError, request: Pick<FastifyRequest, 'id' | 'url'>): Problem {
  const { code, status } = error;
  const { title } = ERRORS[code];
  const ours = status >= 500;
  const errors: ProblemError[] = ours ? [] : [...error.problems, ...error.parameters];
  return {
    type: `/problems/${code}`,
    title,
    status,
    ...(ours || error.message === title ? {} : { detail: error.message }),
    instance: asUri(pathOf(request.url)),
    code,
    ...(errors.length > 0 ? { errors } : {}),
    ...(error instanceof NotReadyError ? { checks: [...error.checks] } : {}),
    requestId: request.id,
    retryable: isRetryable(code),
  };
}

/** Seconds for Retry-After; null when waiting does not help. */
export function retryAfterOf(code: ErrorCode): number | null {
  const about: { status: number; retryAfterS?: number } = ERRORS[code];
  return about.retryAfterS ?? null;
}

/** Without the query, which may hold what a log or a screen should not show. */
export function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}

/** What a client sent as a path need not be one. */
function asUri(path: string): string {
  return path.replaceAll(/%(?![0-9a-f]{2})/gi, '%25').replaceAll(/[^\w\-.~!$&'()*+,;=:@/%]/g, encodeURIComponent);
}
