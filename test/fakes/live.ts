// What the live hub stands on, in memory: a log with slow readings, a bus that delivers when told, a client
// that takes its bytes when told.
import type { BoxSamples } from '../../src/live/box-samples.js';
import type { EventNotice } from '../../src/live/bus.js';
import type { LiveClient } from '../../src/live/hub.js';
import type { EventKind, NewEvent, RunEvent } from '../../src/schemas/event.js';
import type { ServerMessage } from '../../src/schemas/live.js';
import type { RunState } from '../../src/portable/run-states.js';
import type { Run } from '../../src/schemas/run.js';
import { EventStreamParser } from '../helpers/event-stream.js';
import type { FakeClock } from './clock.js';

export const RUN_A = '01890000-0000-7000-8000-00000000000a';
export const RUN_B = '01890000-0000-7000-8000-00000000000b';

export const logLine = (message: string): NewEvent => ({ kind: 'log', at: '2026-01-01T00:00:00.000Z', data: { level: 'info', message } });

export interface LogOptions {
  /** Milliseconds that the next reading takes; 0 when absent. */
  latency?: () => number;
}

export class FakeLog {
  readonly events = new Map<string, RunEvent[]>();
  readonly reads: { runId: string; after: number }[] = [];
  headQueries = 0;
  /** Set to make readings fail. */
  down: Error | null = null;
  readonly #clock: FakeClock;
  readonly #latency: () => number;

  constructor(clock: FakeClock, { latency = () => 0 }: LogOptions = {}) {
    this.#clock = clock;
    this.#latency = latency;
  }

  /** Appends at once; answers the notice that a writer would publish. */
  append(runId: string, ...added: NewEvent[]): EventNotice {
    const events = this.events.get(runId) ?? [];
    this.events.set(runId, events);
    const numbered = added.map((event, index) => ({ seq: events.length + index + 1, ...event }) as RunEvent);
    events.push(...numbered);
    return { runId, head: events.length, events: numbered };
  }

  /** Changes the state of the run. */
  enter(runId: string, state: RunState): EventNotice {
    return this.append(runId, { kind: 'state', at: '2026-01-01T00:00:00.000Z', data: { state, attempt: 1 } });
  }

  appendLines(runId: string, count: number): EventNotice {
    return this.append(runId, ...Array.from({ length: count }, (_, index) => logLine(`line ${index}`)));
  }

  head(runId: string): number {
    return this.events.get(runId)?.length ?? 0;
  }

  async read(runId: string, { after, limit, kinds }: { after: number; limit: number; kinds?: readonly EventKind[] }) {
    this.reads.push({ runId, after });
    await this.#wait();
    const later = (this.events.get(runId) ?? []).filter((event) => event.seq > after && (kinds?.includes(event.kind) ?? true));
    const answer = { items: later.slice(0, limit), head: this.head(runId), hasMore: later.length > limit };
    await this.#wait();
    return answer;
  }

  async heads(runIds: readonly string[]): Promise<Map<string, number>> {
    this.headQueries += 1;
    await this.#wait();
    return new Map(runIds.filter((runId) => this.events.has(runId)).map((runId) => [runId, this.head(runId)]));
  }

  /** The run, or null when nothing was ever appended to it. */
  async findRun(id: string): Promise<Run | null> {
    await this.#wait();
    if (!this.events.has(id)) return null;
    const run: Partial<Run> = {
      id, head: this.head(id), state: this.#stateOf(id), metrics: {},
      progress: { epoch: 0, epochs: 1, step: 0, totalSteps: 100, examplesPerSecond: null },
    };
    return run as Run;
  }

  #stateOf(runId: string): RunState {
    const change = this.events.get(runId)?.findLast((event) => event.kind === 'state');
    return change?.kind === 'state' ? change.data.state : 'running';
  }

  async #wait(): Promise<void> {
    if (this.down !== null) throw this.down;
    const ms = this.#latency();
    if (ms > 0) await new Promise<void>((done) => void this.#clock.after(ms, done));
  }
}

export class FakeBus {
  readonly #listeners = new Map<string, Set<(notice: EventNotice) => void>>();
  readonly #samples = new Set<(samples: BoxSamples) => void>();
  readonly #gaps = new Set<() => void>();

  subscribe(runId: string, listener: (notice: EventNotice) => void): () => void {
    const listeners = this.#listeners.get(runId) ?? new Set();
    this.#listeners.set(runId, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  onSamples(listener: (samples: BoxSamples) => void): () => void {
    this.#samples.add(listener);
    return () => void this.#samples.delete(listener);
  }

  onGap(listener: () => void): () => void {
    this.#gaps.add(listener);
    return () => void this.#gaps.delete(listener);
  }

  async listening(): Promise<void> {}

  deliver(notice: EventNotice): void {
    for (const listener of [...(this.#listeners.get(notice.runId) ?? [])]) listener(notice);
  }

  deliverSamples(samples: BoxSamples): void {
    for (const listener of [...this.#samples]) listener(samples);
  }

  gap(): void {
    for (const listener of [...this.#gaps]) listener();
  }

  listenerCount(): number {
    let count = this.#samples.size;
    for (const listeners of this.#listeners.values()) count += listeners.size;
    return count;
  }
}

abstract class FakeTransport implements LiveClient {
  closedWith: { code: number; reason: string } | null = null;
  /** Whether it takes its bytes only by `drain`. */
  slow = false;
  #buffered = 0;

  protected abstract take(text: string): void;

  send(text: string): void {
    if (this.closedWith !== null) throw new Error('sent to a closed client');
    this.take(text);
    if (this.slow) this.#buffered += text.length;
  }

  bufferedBytes(): number {
    return this.#buffered;
  }

  close(code: number, reason: string): void {
    this.closedWith = { code, reason };
  }

  drain(bytes = Number.POSITIVE_INFINITY): void {
    this.#buffered = Math.max(0, this.#buffered - bytes);
  }
}

/** Speaks `trainyard.v1`. */
export class FakeClient extends FakeTransport {
  readonly frames: { at: number; messages: ServerMessage[] }[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  protected take(text: string): void {
    const frame = JSON.parse(text) as ServerMessage | ServerMessage[];
    this.frames.push({ at: this.#clock.now(), messages: Array.isArray(frame) ? frame : [frame] });
  }

  get messages(): ServerMessage[] {
    return this.frames.flatMap((frame) => frame.messages);
  }

  ofType<T extends ServerMessage['type']>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.messages.filter((message): message is Extract<ServerMessage, { type: T }> => message.type === type);
  }

  seqs(runId: string): number[] {
    return this.ofType('event').filter((event) => event.runId === runId).map((event) => event.seq);
  }
}

/** Reads server-sent events. */
export class FakeStreamClient extends FakeTransport {
  readonly parser = new EventStreamParser();
  frameCount = 0;

  protected take(text: string): void {
    this.frameCount += 1;
    this.parser.push(text);
  }
}

/** `from`, `from + 1` … `to`. */
export const numbers = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
