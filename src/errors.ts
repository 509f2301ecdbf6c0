// The only birthplace of error codes. Every code is in the OpenAPI document and the README; a test holds that.
// Shape on the wire: RFC 9457 application/problem+json (src/schemas/problem.ts).

/** One fault of the input, with its place. */
export interface InputProblem {
  /** JSON pointer (RFC 6901) into the request body; '' is the whole. */
  pointer: string;
  detail: string;
}

/** One fault of a request outside its body. */
export interface ParameterProblem {
  in: 'path' | 'query' | 'header';
  parameter: string;
  detail: string;
}

export const ERRORS = {
  bad_request: { status: 400, title: 'The request is malformed' },
  invalid_spec: { status: 400, title: 'The run spec has unknown keys, wrong types or values out of range' },
  invalid_cursor: { status: 400, title: 'The cursor is not one of ours' },
  unauthorized: { status: 401, title: 'No key, or one that is unknown, expired or revoked' },
  forbidden: { status: 403, title: 'The key has not the right to do this' },
  csrf_token_missing: { status: 403, title: 'A session must send its CSRF token' },
  host_not_allowed: { status: 403, title: 'The service is not known by this host name' },
  origin_not_allowed: { status: 403, title: 'The page that asks is not of this host' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'The resource has no such method' },
  not_acceptable: { status: 406, title: 'The resource has no such representation' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  run_not_active: { status: 409, title: 'The run has ended already' },
  run_not_pausable: { status: 409, title: 'The run cannot be paused now' },
  run_not_resumable: { status: 409, title: 'The run cannot be resumed now' },
  run_not_extendable: { status: 409, title: 'The run cannot be extended now' },
  run_not_queued: { status: 409, title: 'The run does not wait, or not in this line' },
  run_not_ended: { status: 409, title: 'The run has not ended yet' },
  name_taken: { status: 409, title: 'The name is taken' },
  team_in_use: { status: 409, title: 'The team still has runs, or is the first one' },
  quota_spent: { status: 409, title: "The team's quota is used up" },
  box_in_use: { status: 409, title: 'The box still has runs' },
  last_operator: { status: 409, title: 'Somebody must be left who runs the service' },
  idempotency_conflict: { status: 409, title: 'A request with this Idempotency-Key is under way' },
  model_not_ready: { status: 409, title: 'The run has no stored model yet' },
  precondition_failed: { status: 412, title: 'The resource has changed' },
  body_too_large: { status: 413, title: 'The body is over the limit' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  range_not_satisfiable: { status: 416, title: 'The range lies outside the file' },
  impossible_spec: { status: 422, title: 'The run spec is well-formed but cannot be trained' },
  impossible_input: { status: 422, title: 'The input does not fit the model' },
  impossible_key: { status: 422, title: 'The key would have more rights, or last longer, than it can be given' },
  idempotency_mismatch: { status: 422, title: 'The Idempotency-Key was used with another body' },
  upgrade_required: { status: 426, title: 'The resource speaks WebSocket only' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The headers or the address are over the limit' },
  internal: { status: 500, title: 'Something failed on our side' },
  database_unavailable: { status: 503, title: 'The database does not answer', retryAfterS: 5 },
  queue_unavailable: { status: 503, title: 'The queue does not answer', retryAfterS: 5 },
  outlook_unavailable: { status: 503, title: 'Too many ask about the queue, or it takes too long', retryAfterS: 5 },
  artifacts_unavailable: { status: 503, title: 'The artifact storage does not answer', retryAfterS: 5 },
  predictor_unavailable: { status: 503, title: 'Too many predictions are under way, or their process was lost', retryAfterS: 2 },
  not_ready: { status: 503, title: 'Something that the service needs does not answer', retryAfterS: 5 },
  shutting_down: { status: 503, title: 'The service is shutting down', retryAfterS: 5 },
} as const satisfies Record<string, { status: number; title: string; retryAfterS?: number }>;

export type ErrorCode = keyof typeof ERRORS;

/** An error that a client sees. `detail` is safe to send. */
export class ServiceError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly InputProblem[];
  readonly parameters: readonly ParameterProblem[];

  constructor(code: ErrorCode, detail?: string, options: { problems?: readonly InputProblem[]; parameters?: readonly ParameterProblem[]; cause?: unknown } = {}) {
    super(detail ?? ERRORS[code].title, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ServiceError';
    this.code = code;
    this.problems = options.problems ?? [];
    this.parameters = options.parameters ?? [];
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}
