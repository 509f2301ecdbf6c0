// The service's HTTP API, relative to the page, so that a prefix in front of the service does no harm.

/** What the service, or its silence, answered. `code` is the problem's, or `unreachable`. */
export class ApiError extends Error {
  constructor({ code, message, status = 0 }) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
  }
}

/** Sent with what changes something, so that no other site's page can have a browser do it. */
let csrfToken = null;
export const setCsrfToken = (token) => void (csrfToken = token);

/** Called when the service knows no session of this browser any more. */
let onSignedOut = () => {};
export const whenSignedOut = (listener) => void (onSignedOut = listener);

/** @param {string} path without a leading slash @returns {string} absolute */
export const addressOf = (path) => new URL(path, document.baseURI).href;

/**
 * @param {string} path `v1/runs`
 * @param {{method?: string, json?: unknown, accept?: string, signal?: AbortSignal}} [options]
 * @returns {Promise<any>} the parsed body, its text when it is not JSON, null when there is none
 * @throws {ApiError}
 */
export async function request(path, { method, json, accept = 'application/json', signal } = {}) {
  const verb = method ?? (json === undefined ? 'GET' : 'POST');
  let response;
  let text;
  try {
    response = await fetch(addressOf(path), {
      method: verb,
      headers: { accept, ...(verb === 'GET' || csrfToken === null ? {} : { 'x-csrf-token': csrfToken }), ...(json === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(signal ? { signal } : {}),
    });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({ code: 'unreachable', message: 'The service does not answer.' });
  }
  const body = /json/.test(response.headers.get('content-type') ?? '') && text !== '' ? JSON.parse(text) : text;
  if (response.ok) return body === '' && accept === 'application/json' ? null : body;
  if (response.status === 401) onSignedOut();
  const faults = (body?.errors ?? []).map((fault) => `${fault.pointer ?? fault.parameter ?? ''} ${fault.detail}`.trim());
  throw new ApiError({
    code: body?.code ?? 'unknown',
    status: response.status,
    message: [body?.detail ?? body?.title ?? `The service answered ${response.status}.`, ...faults].join(' '),
  });
}

/**
 * Curves with their points, or with buckets where there are too many.
 * @param {string} runId
 * @param {string[]} keys `batch/loss`, `epoch/val_loss`, …; none answers the list of all, without points
 * @param {{maxPoints?: number, signal?: AbortSignal}} [options]
 */
export async function readSeries(runId, keys, { maxPoints = 2000, signal } = {}) {
  const query = keys.map((key) => `key=${encodeURIComponent(key)}`).join('&');
  const { series } = await request(`v1/runs/${runId}/metrics${query === '' ? '' : `?${query}&maxPoints=${maxPoints}`}`, { signal });
  return series;
}
