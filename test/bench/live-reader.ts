// One subscriber of the live bench. Cheap, because hundreds of them share a process.
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ServerMessage } from '../../src/schemas/live.js';
import { Tally } from './live-tally.js';
import { WITH_KEY } from '../helpers/key.js';

/** A slow reader rests for so long after each frame. */
const REST_MS = 500;
const KEPT_FRAMES = 256;

export interface ReaderOptions {
  /** `http://…` of the API. */
  address: string;
  subscriptions: { runId: string; after: number | 'now' }[];
  isSlow?: boolean;
}

export type ReadFrame = (text: string) => readonly ServerMessage[];

export class Reader {
  readonly tally = new Tally();
  /** How often it was told that it is behind. */
  lagging = 0;
  /** What comes after that is lost. */
  isClosed = false;
  readonly options: ReaderOptions;
  readonly #socket: WebSocket;
  readonly #read: ReadFrame;
  #isResting: boolean;

  constructor(options: ReaderOptions, read: ReadFrame) {
    this.options = options;
    this.#read = read;
    this.#isResting = options.isSlow === true;
    this.#socket = new WebSocket(`${options.address.replace(/^http/, 'ws')}/v1/live`, 'trainyard.v1', { headers: WITH_KEY });
    this.#socket.on('message', (data: Buffer) => this.#receive(data));
    this.#socket.on('close', () => (this.isClosed = true));
    this.#socket.on('error', () => undefined); // it closes then
  }

  /** Resolves when it has sent its wishes. */
  async open(): Promise<void> {
    await new Promise<void>((resolve, reject) => this.#socket.once('open', resolve).once('error', reject));
    for (const { runId, after } of this.options.subscriptions) this.#socket.send(JSON.stringify({ type: 'subscribe', runId, after }));
  }

  get isSubscribed(): boolean {
    return this.options.subscriptions.every(({ runId }) => this.tally.expects(runId));
  }

  /** From now on it reads as fast as it can. */
  hurry(): void {
    this.#isResting = false;
    this.#socket.resume();
  }

  close(): void {
    this.#socket.terminate();
  }

  #receive(data: Buffer): void {
    const arrivedAt = performance.timeOrigin + performance.now();
    for (const message of this.#read(data.toString())) {
      if (message.type === 'event') this.tally.add(message.runId, message, arrivedAt);
      else if (message.type === 'lagging') this.lagging += 1;
      else if (message.type === 'subscribed') this.#expect(message);
      else throw new Error(`the service said ${JSON.stringify(message)}`);
    }
    if (!this.#isResting) return;
    this.#socket.pause();
    void delay(REST_MS).then(() => this.#socket.resume());
  }

  #expect({ runId, head }: { runId: string; head: number }): void {
    const after = this.options.subscriptions.find((one) => one.runId === runId)?.after;
    this.tally.expect(runId, typeof after === 'number' ? after : head);
  }
}

/** Parses each frame once, however many readers it comes to. */
export function createFrameReader(): ReadFrame {
  const known = new Map<string, readonly ServerMessage[]>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const parsed = JSON.parse(text) as ServerMessage | ServerMessage[];
    const messages = Array.isArray(parsed) ? parsed : [parsed];
    if (known.size >= KEPT_FRAMES) known.clear();
    known.set(text, messages);
    return messages;
  };
}
