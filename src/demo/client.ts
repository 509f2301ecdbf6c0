// A small client of the public API, as anybody could write it: HTTP to act, a WebSocket to watch.
import { WebSocket } from 'ws';
import { LIVE_SUBPROTOCOL, type ServerMessage } from '../schemas/live.js';
import type { RunEvent } from '../schemas/event.js';
import type { Run } from '../schemas/run.js';

export interface Prediction {
  label: string;
  probabilities: number[];
}

/** @throws Error with the problem's words when the answer is not a success. */
async function request<T>(address: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${address}${path}`, body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const answer = (await response.json()) as { title?: string; detail?: string; errors?: { pointer: string; detail: string }[] };
  if (response.ok) return answer as T;
  const faults = (answer.errors ?? []).map(({ pointer, detail }) => `\n  ${pointer || '(whole)'}: ${detail}`).join('');
  throw new Error(`${answer.detail ?? answer.title ?? response.status}${faults}`);
}

export const submitRun = (address: string, body: unknown) => request<Run>(address, '/v1/runs', body);
export const getRun = (address: string, id: string) => request<Run>(address, `/v1/runs/${id}`);
export const cancelRun = (address: string, id: string) => request<Run>(address, `/v1/runs/${id}/cancel`, {});
export const predict = async (address: string, id: string, instances: unknown[]) =>
  (await request<{ predictions: Prediction[] }>(address, `/v1/runs/${id}/predict`, { instances })).predictions;

/** Every event of a run from the first, until the caller stops iterating; reconnects from the last one seen. */
export async function* watchRun(address: string, runId: string): AsyncGenerator<RunEvent> {
  let after = 0;
  for (let failures = 0; failures < 10; failures += 1) {
    for await (const event of connectOnce(address, runId, after)) {
      after = event.seq;
      failures = 0;
      yield event;
    }
  }
  throw new Error('the live connection broke again and again');
}

async function* connectOnce(address: string, runId: string, after: number): AsyncGenerator<RunEvent> {
  const socket = new WebSocket(`${address.replace(/^http/, 'ws')}/v1/live`, LIVE_SUBPROTOCOL);
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
