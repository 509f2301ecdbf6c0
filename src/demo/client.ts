// A small client of the public API, as anybody could write it: HTTP to act, a WebSocket to watch.
import { WebSocket } from 'ws';
import { parseToken } from '../identity/token.js';
import { LIVE_SUBPROTOCOL, type ServerMessage } from '../schemas/live.js';
import type { RunEvent } from '../schemas/event.js';
import type { Run } from '../schemas/run.js';

export interface Prediction {
  label: string;
  probabilities: number[];
}

export interface Place {
  address: string;
  key: string;
}

const headersOf = ({ key }: Place) => ({ authorization: `Bearer ${key}` });

/** @throws Error with the problem's words when the answer is not a success. */
async function request<T>(place: Place, path: string, body?: unknown): Promise<T> {
  const headers = headersOf(place);
  const response = await fetch(`${place.address}${path}`, body === undefined ? { headers } : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const answer = (await response.json()) as { title?: string; detail?: string; errors?: { pointer: string; detail: string }[] };
  if (response.ok) return answer as T;
  const faults = (answer.errors ?? []).map(({ pointer, detail }) => `\n  ${pointer || '(whole)'}: ${detail}`).join('');
  throw new Error(`${answer.detail ?? answer.title ?? response.status}${faults}`);
}

export const submitRun = (place: Place, body: unknown) => request<Run>(place, '/v1/runs', body);
export const getRun = (place: Place, id: string) => request<Run>(place, `/v1/runs/${id}`);
export const cancelRun = (place: Place, id: string) => request<Run>(place, `/v1/runs/${id}/cancel`, {});
export const predict = async (place: Place, id: string, instances: unknown[]) =>
  (await request<{ predictions: Prediction[] }>(place, `/v1/runs/${id}/predict`, { instances })).predictions;

/** The one that is shown. */
export async function revokeKey(place: Place): Promise<void> {
  const id = parseToken(place.key)?.id ?? '';
  const response = await fetch(`${place.address}/v1/keys/${id}`, { method: 'DELETE', headers: headersOf(place) });
  if (!response.ok) throw new Error(`the service answered ${response.status}`);
}

/** Every event of a run from the first, until the caller stops iterating; reconnects from the last one seen. */
export async function* watchRun(place: Place, runId: string): AsyncGenerator<RunEvent> {
  let after = 0;
  for (let failures = 0; failures < 10; failures += 1) {
    for await (const event of connectOnce(place, runId, after)) {
      after = event.seq;
      failures = 0;
      yield event;
    }
  }
  throw new Error('the live connection broke again and again');
}

async function* connectOnce(place: Place, runId: string, after: number): AsyncGenerator<RunEvent> {
  const socket = new WebSocket(`${place.address.replace(/^http/, 'ws')}/v1/live`, LIVE_SUBPROTOCOL, { headers: headersOf(place) });
  const received: RunEvent[] = [];
  let wake = () => {};
  let closed = false;
  let refused: string | null = null;
  socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', runId, after })));
  socket.on('message', (data) => {
    const parsed = JSON.parse(String(data)) as ServerMessage | ServerMessage[];
    for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
      if (message.type === 'event') received.push(message);
      else if (message.type === 'error') refused = message.detail;
    }
    wake();
  });
  const end = () => {
    closed = true;
    wake();
  };
  socket.on('close', end);
  socket.on('error', end);
  try {
    while (true) {
      for (const event of received.splice(0)) yield event;
      if (refused !== null) throw new Error(refused);
      if (received.length > 0) continue;
      if (closed) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    socket.close();
  }
}
