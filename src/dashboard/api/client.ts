// The service's HTTP API, typed by its own document. Whatever is no success is thrown as an ApiError.
import createClient from 'openapi-fetch';
import type { paths } from '../../generated/api.js';
import { base } from '../lib/base.js';
import { toApiError, unreachable } from './error.js';

/** Sent with what changes something, so that no other site's page can have a browser do it. */
let csrfToken: string | null = null;
export const setCsrfToken = (token: string | null) => void (csrfToken = token);

/** Called when the service knows no session of this browser any more. */
let onSignedOut = () => {};
export const whenSignedOut = (listener: () => void) => void (onSignedOut = listener);

/** Called when a request found nobody to answer it. */
let onUnreachable = () => {};
export const whenUnreachable = (listener: () => void) => void (onUnreachable = listener);

/** As `fetch`. @throws ApiError for what is no success; the signal's reason where it was aborted */
export async function send(request: Request): Promise<Response> {
  if (request.method !== 'GET' && csrfToken !== null) request.headers.set('x-csrf-token', csrfToken);
  let response: Response;
  let text = '';
  try {
    response = await fetch(request);
    if (!response.ok) text = await response.text();
  } catch (error) {
    if (request.signal.aborted) throw error;
    onUnreachable();
    throw unreachable();
  }
  if (response.ok) return response;
  if (response.status === 401) onSignedOut();
  throw toApiError(response.status, isJson(response) && text !== '' ? JSON.parse(text) : null);
}

const isJson = ({ headers }: Response) => /json/.test(headers.get('content-type') ?? '');

/** `take(api.GET('/v1/runs/{id}', { params: { path: { id } } }))` */
export const api = createClient<paths>({ baseUrl: base.href, fetch: send });

/** The body of an answer, of its representations the JSON. @throws ApiError */
export async function take<T>(answer: Promise<{ data?: T }>): Promise<Exclude<T, string>> {
  return (await answer).data as Exclude<T, string>;
}
