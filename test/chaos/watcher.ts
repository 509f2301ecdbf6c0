// Watches runs over one WebSocket, through every break of it: whenever it is cut it comes back with the last number of
// each run, and writes down whatever does not continue there.
import { WebSocket } from 'ws';
import type { RunEvent } from '../../src/schemas/event.js';
import type { ServerMessage } from '../../src/schemas/live.js';
import { WITH_KEY } from '../helpers/key.js';

const RECONNECT_MS = 50;
const RESUBSCRIBE_MS = 150;

interface Watched {
  events: RunEvent[];
  /** When each arrived, in ms since the epoch. */
  arrivals: number[];
  faults: string[];
}

export class Watcher {
  readonly #address: string;
  readonly #runs = new Map<string, Watched>();
  #socket: WebSocket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(address: string) {
    this.#address = address.replace(/^http/, 'ws');
    this.#connect();
  }

  watch(runId: string): void {
    this.#runs.set(runId, { events: [], arrivals: [], faults: [] });
    this.#subscribe(runId);
  }

  unwatch(runId: string): void {
    this.#runs.delete(runId);
    this.#send({ type: 'unsubscribe', runId });
  }

  of(runId: string): Readonly<Watched> {
    return this.#runs.get(runId) ?? { events: [], arrivals: [], faults: [] };
  }

  /** Breaks the connection, as a client's network does; whether there was one. */
  cut(): boolean {
    const isOpen = this.#socket?.readyState === WebSocket.OPEN;
    this.#socket?.terminate();
    return isOpen;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#socket?.terminate();
  }

  #connect(): void {
    if (this.#isClosed) return;
    const socket = new WebSocket(`${this.#address}/v1/live`, 'trainyard.v1', { handshakeTimeout: 3_000, headers: WITH_KEY });
    this.#socket = socket;
    socket.on('open', () => {
      for (const runId of this.#runs.keys()) this.#subscribe(runId);
    });
    socket.on('message', (data) => {
      // What was on its way when the connection was given up is sent again on the next one.
      if (socket !== this.#socket || socket.readyState !== WebSocket.OPEN) return;
      const parsed = JSON.parse(String(data)) as ServerMessage | ServerMessage[];
      for (const message of Array.isArray(parsed) ? parsed : [parsed]) this.#receive(message);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (!this.#isClosed) this.#timer = setTimeout(() => this.#connect(), RECONNECT_MS);
    });
  }

  #receive(message: ServerMessage): void {
    if (message.type === 'error' && message.runId !== undefined) {
      const { runId } = message;
      setTimeout(() => this.#subscribe(runId), RESUBSCRIBE_MS);
    } else if (message.type === 'event') {
      const { type: _, runId, ...event } = message;
      const watched = this.#runs.get(runId);
      if (watched === undefined) return;
      const expected = (watched.events.at(-1)?.seq ?? 0) + 1;
      if (event.seq !== expected) watched.faults.push(`the stream went on with event ${event.seq} instead of ${expected}`);
      watched.events.push(event as RunEvent);
      watched.arrivals.push(Date.now());
    }
  }

  #subscribe(runId: string): void {
    const watched = this.#runs.get(runId);
    if (watched !== undefined) this.#send({ type: 'subscribe', runId, after: watched.events.at(-1)?.seq ?? 0 });
  }

  #send(message: unknown): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
