// The page's one WebSocket. Of each watched run it remembers the number of the last event that it handed on: after a
// lost connection it asks for what follows, so that nothing is missing and nothing comes twice.
import type { ClientMessage, DevicesMessage, RunEvent, ServerMessage } from './protocol.js';

const FIRST_DELAY_MS = 300;
/** Between tries at a service that answers and refuses, in the end. */
const MAX_DELAY_MS = 8000;
/** The same where nobody answers: that costs nobody anything, and people look at the page until it is back. */
const MAX_SILENT_DELAY_MS = 2500;
const PULSE_MS = 5000;
/** A connection that has been silent for this long is asked for a sign of life... */
const QUIET_MS = 15_000;
/** ...and given up after this long without one. Counted from the question: a hidden page looks once a minute. */
const PATIENCE_MS = 10_000;
/** The same where something else says that it is gone. */
const DOUBT_MS = 2000;

/** What becomes of a watched run. */
export interface RunWatcher {
  /** Every event once, in order. */
  onEvent(event: RunEvent): void;
  /** The run was deleted, or there is none. */
  onGone(): void;
  /** The log is not the one that was read: read everything afresh. */
  onStale(): void;
}

export type LinkStatus = 'idle' | 'connecting' | 'live' | 'behind' | 'reconnecting';

export interface Link {
  status: LinkStatus;
  /** Points of curves that were missed while the connection was lost, as far as they are here. */
  fetched: number;
}

/** What is used of a WebSocket. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}

export interface ConnectionOptions {
  connect(): Socket;
  onLink(link: Link): void;
  onDevices(message: DevicesMessage): void;
  /** The service has let go of it for a reason: it may not be wanted back. */
  onRefused(): void;
  now?(): number;
  random?(): number;
}

interface Watched {
  runId: string;
  seq: number;
  watcher: RunWatcher;
  /** Whether the answer to a subscription is awaited. */
  asked: boolean;
  /** Number of the event with which it has caught up; 0 while it is not behind. */
  behindUntil: number;
}

export class Connection {
  readonly #options: Required<ConnectionOptions>;
  readonly #watched = new Map<string, Watched>();
  #devices = false;
  #socket: Socket | null = null;
  #open = false;
  #again = false;
  #recovering = false;
  #fetched = 0;
  #delayMs = FIRST_DELAY_MS;
  #heardAt = 0;
  /** When a sign of life was asked for that has not come; null where none is awaited. */
  #askedAt: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pulse: ReturnType<typeof setInterval> | undefined;
  #doubt: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = { now: Date.now, random: Math.random, ...options };
  }

  /** Connects, and stays connected. Also tries again now if the connection is lost: the network or the person is back. */
  start(): void {
    if (this.#socket !== null) return;
    clearTimeout(this.#retry);
    this.#tell();
    const socket = this.#options.connect();
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#receive(String(data));
    socket.onclose = ({ code }) => {
      this.#lost(socket);
      // A refused handshake is told as any other failure.
      if (code === 1008 || code === 1006) this.#options.onRefused();
    };
  }

  stop(): void {
    const socket = this.#socket;
    this.#lost(socket);
    clearTimeout(this.#retry);
    socket?.close();
    this.#again = false;
    this.#tell();
  }

  /** Follows a run from the event after number `after`. A watcher that there was before is replaced. */
  watch(runId: string, after: number, watcher: RunWatcher): void {
    const watched = { runId, seq: after, watcher, asked: false, behindUntil: 0 };
    this.#watched.set(runId, watched);
    this.#subscribe(watched);
  }

  /** Something else says that the service is away: whether it is shows soon. */
  doubt(): void {
    if (!this.#open || this.#doubt !== undefined) return;
    const askedAt = this.#askedAt ?? this.#ask();
    this.#doubt = setTimeout(() => {
      this.#doubt = undefined;
      if (this.#askedAt === askedAt) this.#giveUp();
    }, DOUBT_MS);
  }

  unwatch(runId: string): void {
    if (this.#watched.delete(runId)) this.#send({ type: 'unsubscribe', runId });
    this.#settle();
  }

  watchDevices(wanted: boolean): void {
    if (this.#devices === wanted) return;
    this.#devices = wanted;
    this.#send({ type: wanted ? 'subscribeDevices' : 'unsubscribeDevices' });
  }

  #opened(): void {
    this.#open = true;
    this.#recovering = this.#again && this.#watched.size > 0;
    this.#again = true;
    this.#heardAt = this.#options.now();
    this.#askedAt = null;
    this.#pulse = setInterval(() => this.#checkPulse(), PULSE_MS);
    for (const watched of this.#watched.values()) this.#subscribe(watched);
    if (this.#devices) this.#send({ type: 'subscribeDevices' });
    this.#tell();
  }

  #subscribe(watched: Watched): void {
    watched.asked = true;
    this.#send({ type: 'subscribe', runId: watched.runId, after: watched.seq });
  }

  #send(message: ClientMessage): void {
    if (this.#open) this.#socket?.send(JSON.stringify(message));
  }

  #receive(text: string): void {
    this.#heardAt = this.#options.now();
    this.#askedAt = null;
    const messages = JSON.parse(text) as ServerMessage | ServerMessage[];
    for (const message of Array.isArray(messages) ? messages : [messages]) {
      // Only now is it sure of the connection: a service that has too many clients refuses after the handshake.
      if (message.type === 'subscribed' || message.type === 'subscribedDevices' || message.type === 'pong') this.#delayMs = FIRST_DELAY_MS;
      if (message.type === 'devices') this.#options.onDevices(message);
      else if ('runId' in message && message.runId !== undefined) this.#take(message, message.runId);
      else if (message.type === 'error' && message.code !== 'forbidden') this.#socket?.close();
    }
  }

  #take(message: ServerMessage, runId: string): void {
    const watched = this.#watched.get(runId);
    if (watched === undefined) return;
    if (message.type === 'event') this.#takeEvent(watched, message);
    else if (message.type === 'subscribed') {
      watched.asked = false;
      watched.behindUntil = this.#recovering && message.head > watched.seq ? message.head : 0;
      this.#settle();
    } else if (message.type === 'lagging') {
      watched.behindUntil = message.head;
      this.#tell();
    } else if (message.type === 'deleted' || (message.type === 'error' && message.code === 'not_found')) {
      this.#watched.delete(runId);
      this.#settle();
      watched.watcher.onGone();
    } else if (message.type === 'error' && message.code === 'bad_request') {
      this.#watched.delete(runId);
      watched.watcher.onStale();
    } else if (message.type === 'error') this.#socket?.close();
  }

  #takeEvent(watched: Watched, event: RunEvent): void {
    if (event.seq <= watched.seq) return;
    // The stream has no gap, but the last frames of a subscription that was replaced may look like one.
    if (event.seq > watched.seq + 1) {
      if (!watched.asked) this.#subscribe(watched);
      return;
    }
    watched.seq = event.seq;
    if (this.#recovering && event.kind === 'metrics') {
      this.#fetched += event.data.steps.length;
      this.#tell();
    }
    watched.watcher.onEvent(event);
    if (watched.behindUntil > 0 && watched.seq >= watched.behindUntil) {
      watched.behindUntil = 0;
      this.#settle();
    }
  }

  #settle(): void {
    if (this.#recovering && ![...this.#watched.values()].some(({ asked, behindUntil }) => asked || behindUntil > 0)) {
      this.#recovering = false;
    }
    this.#tell();
  }

  #tell(): void {
    const behind = [...this.#watched.values()].some(({ behindUntil, asked }) => behindUntil > 0 && !asked);
    const status = !this.#open ? (this.#again ? 'reconnecting' : 'connecting') : this.#recovering ? 'reconnecting' : behind ? 'behind' : 'live';
    this.#options.onLink({ status, fetched: this.#fetched });
  }

  #checkPulse(): void {
    const now = this.#options.now();
    if (this.#askedAt !== null) {
      if (now - this.#askedAt >= PATIENCE_MS) this.#giveUp();
    } else if (now - this.#heardAt > QUIET_MS) this.#ask();
  }

  /** For a sign of life. Answers when that was. */
  #ask(): number {
    this.#send({ type: 'ping' });
    return (this.#askedAt = this.#options.now());
  }

  #giveUp(): void {
    const socket = this.#socket;
    this.#lost(socket);
    socket?.close();
  }

  #lost(socket: Socket | null): void {
    if (socket === null || this.#socket !== socket) return;
    socket.onclose = socket.onmessage = socket.onopen = null;
    // What was missed is counted anew, unless this was while it was being fetched.
    if (this.#open && !this.#recovering) this.#fetched = 0;
    this.#delayMs = Math.min(this.#delayMs, this.#open ? MAX_DELAY_MS : MAX_SILENT_DELAY_MS);
    this.#socket = null;
    this.#open = false;
    this.#recovering = false;
    this.#again = true;
    clearInterval(this.#pulse);
    clearTimeout(this.#doubt);
    this.#doubt = undefined;
    this.#tell();
    // Spread, so that a hundred pages do not return to a restarted service at the same moment.
    this.#retry = setTimeout(() => this.start(), this.#delayMs * (0.5 + this.#options.random()));
    this.#delayMs *= 2;
  }
}
