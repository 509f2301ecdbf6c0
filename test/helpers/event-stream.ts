// Server-sent events as a client reads them: the parser of WHATWG HTML, section 9.2.6, and a connection whose
// reading can be paused and cut.
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { WITH_KEY } from './key.js';
import type { RunEvent } from '../../src/schemas/event.js';

export interface StreamMessage {
  type: string;
  data: string;
  lastEventId: string;
}

export class EventStreamParser {
  readonly messages: StreamMessage[] = [];
  readonly comments: string[] = [];
  retryMs: number | null = null;
  lastEventId = '';
  #rest = '';
  #id = '';
  #type = '';
  #data: string[] = [];

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
  }

  /** The run's own events, which have no name. */
  get events(): RunEvent[] {
    return this.messages.filter(({ type }) => type === 'message').map(({ data }) => JSON.parse(data) as RunEvent);
  }

  get seqs(): number[] {
    return this.events.map((event) => event.seq);
  }

  named(type: string): Record<string, unknown>[] {
    return this.messages.filter((message) => message.type === type).map(({ data }) => JSON.parse(data) as Record<string, unknown>);
  }

  #take(line: string): void {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === '') this.comments.push(value);
    else if (field === 'event') this.#type = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id') this.#id = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.retryMs = Number(value);
    else throw new Error(`a client would pass over ${JSON.stringify(line)}`);
  }

  #dispatch(): void {
    this.lastEventId = this.#id;
    if (this.#data.length > 0) this.messages.push({ type: this.#type === '' ? 'message' : this.#type, data: this.#data.join('\n'), lastEventId: this.#id });
    this.#type = '';
    this.#data = [];
  }
}

export interface EventStream {
  status: number;
  headers: IncomingHttpHeaders;
  parser: EventStreamParser;
  /** All that was read. */
  body(): string;
  pause(): void;
  resume(): void;
  /** Goes without a word. */
  cut(): void;
  /** Whether it ended by the server's will, and whole. */
  ended: Promise<boolean>;
}

/** Resolves with the answer's head, whatever its status. Cut when `t` ends. */
export async function openEvents(t: { teardown(work: () => void): void }, url: string, headers: Record<string, string> = {}): Promise<EventStream> {
  const asked = request(url, { agent: false, headers: { accept: 'text/event-stream', ...WITH_KEY, ...headers } });
  t.teardown(() => void asked.destroy());
  const response = await new Promise<IncomingMessage>((resolve, reject) => asked.on('response', resolve).on('error', reject).end());
  asked.on('error', () => undefined);
  const parser = new EventStreamParser();
  let body = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    body += text;
    if (response.headers['content-type'] === 'text/event-stream') parser.push(text);
  });
  const ended = new Promise<boolean>((done) => response.on('error', () => undefined).on('close', () => done(response.complete)));
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    parser,
    body: () => body,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    cut: () => void asked.destroy(),
    ended,
  };
}
