// HTTP and WebSocket for end-to-end tests, with nothing of ours between the test and the wire.
import { WebSocket } from 'ws';
import type { Run } from '../../src/schemas/run.js';
import type { RunEvent } from '../../src/schemas/event.js';
import { WITH_KEY } from './key.js';
import { until } from './poll.js';

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

export async function call<T = Record<string, unknown>>(address: string, path: string, init: RequestInit & { json?: unknown } = {}): Promise<Answer<T>> {
  const { json, ...rest } = init;
  const response = await fetch(`${address}${path}`, {
    ...rest,
    headers: { ...WITH_KEY, ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...(rest.headers as Record<string, string>) },
    ...(json === undefined ? {} : { method: rest.method ?? 'POST', body: JSON.stringify(json) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: (isJson && text !== '' ? JSON.parse(text) : text) as T };
}

export interface Live {
  /** Every message so far, in order, frames taken apart. */
  messages: Record<string, unknown>[];
  /** When each arrived, in ms since the epoch. */
  arrivals: number[];
  /** The events among them that belong to a run. */
  events(runId: string): RunEvent[];
  send(message: unknown): void;
  close(): void;
  closed: Promise<{ code: number; reason: string }>;
}

export async function connectLive(t: { teardown(work: () => void): void }, address: string, { protocol = 'trainyard.v1', headers = WITH_KEY }: { protocol?: string; headers?: Record<string, string> } = {}): Promise<Live> {
  const socket = new WebSocket(`${address.replace(/^http/, 'ws')}/v1/live`, protocol, { headers });
  const messages: Record<string, unknown>[] = [];
  const arrivals: number[] = [];
  socket.on('message', (data) => {
    const parsed = JSON.parse(String(data)) as Record<string, unknown> | Record<string, unknown>[];
    for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
      messages.push(message);
      arrivals.push(Date.now());
    }
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  t.teardown(() => socket.terminate());
  return {
    messages,
    arrivals,
    closed,
    events: (runId) => messages.filter((message) => message.type === 'event' && message.runId === runId) as unknown as RunEvent[],
    send: (message) => socket.send(JSON.stringify(message)),
    close: () => socket.close(),
  };
}

/** The run once it has ended. */
export function ended(address: string, id: string, deadlineMs = 120_000): Promise<Run> {
  return until(
    async () => {
      const { body } = await call<Run>(address, `/v1/runs/${id}`);
      return ['succeeded', 'failed', 'cancelled'].includes(body.state) ? body : null;
    },
    { what: `run ${id} to end`, deadlineMs, everyMs: 100 },
  );
}
