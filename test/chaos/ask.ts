// Questions to a service that may be down: asked again until it answers them.
import { call, type Answer } from '../helpers/client.js';
import { until } from '../helpers/poll.js';

/** The first answer that is not the service's own trouble (5xx). @throws Error when there is none within the deadline */
export async function ask<T = Record<string, unknown>>(address: string, path: string, init: RequestInit & { json?: unknown } = {}, deadlineMs = 60_000): Promise<Answer<T>> {
  return until(async () => {
    const answer = await call<T>(address, path, { ...init, signal: AbortSignal.timeout(5_000) });
    if (answer.status >= 500) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  }, { what: `an answer to ${init.method ?? 'GET'} ${path}`, deadlineMs, everyMs: 50 });
}

/** The body, where the answer is as expected. @throws Error else */
export async function get<T>(address: string, path: string): Promise<T> {
  const { status, body } = await ask<T>(address, path);
  if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
