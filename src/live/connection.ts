// One live client: what it asks for, in order, and within its limits.
import { ServiceError, type ErrorCode } from '../errors.js';
import type { ClientMessage, ServerMessage } from '../schemas/live.js';
import type { Bus } from './bus.js';
import type { Clock } from './clock.js';
import { subscribeToDevices, type SeenRuns } from './device-subscription.js';
import { FramePump, type LiveClient } from './frame-pump.js';
import { messageFraming } from './framing.js';
import type { LiveLimits } from './limits.js';
import { parseClientMessage } from './messages.js';
import { createRate } from './rate.js';
import { Subscription } from './subscription.js';
import type { WatchedRuns } from './watched-runs.js';

/** What the transport tells the hub. */
export interface LiveConnection {
  /** A message of the client. */
  receive(text: string): void;
  /** Fewer bytes are buffered than before; optional, the hub also looks by itself. */
  drained(): void;
  /** The client has gone. */
  closed(): void;
}

export interface ConnectionOptions {
  client: LiveClient;
  clock: Clock;
  limits: LiveLimits;
  runs: Pick<WatchedRuns, 'acquire'>;
  bus: Pick<Bus, 'onSamples'>;
  /** Null for who may not watch the devices. */
  seenRuns: SeenRuns | null;
  onClosed(): void;
  onError(error: unknown, what: string): void;
}

export class Connection implements LiveConnection {
  readonly #options: ConnectionOptions;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #pump: FramePump;
  readonly #allowed: () => boolean;
  #open = true;
  #leaveDevices: () => void = () => {};
  #requests: Promise<void> = Promise.resolve();
  #pending = 0;
  #malformed = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { client, clock, limits } = options;
    this.#pump = new FramePump({
      client, clock, limits,
      framing: messageFraming,
      subscriptions: this.#subscriptions,
      onTooSlow: () => this.close(1013, 'the client reads too slowly'),
    });
    this.#allowed = createRate(limits.messagesPerSecond, clock);
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  receive(text: string): void {
    if (!this.#open) return;
    const { limits } = this.#options;
    if (text.length > limits.messageBytes) return this.close(1009, `messages may have ${limits.messageBytes} bytes`);
    if (!this.#allowed()) return this.close(1008, `more than ${limits.messagesPerSecond} messages in a second`);
    const parsed = parseClientMessage(text);
    if ('fault' in parsed) {
      this.#malformed += 1;
      this.#sendError('bad_request', parsed.fault);
      if (this.#malformed >= limits.malformedMessages) this.close(1008, 'too many malformed messages');
      return;
    }
    const { message } = parsed;
    if (message.type === 'ping') return this.#send({ type: 'pong', ...(message.id === undefined ? {} : { id: message.id }) });
    if (this.#pending >= limits.pendingMessages) return this.close(1008, 'too many requests without waiting for their answers');
    this.#pending += 1;
    // One after the other, so that an unsubscribe never overtakes its subscribe.
    this.#requests = this.#requests.then(() => this.#handle(message)).finally(() => {
      this.#pending -= 1;
    });
  }

  drained(): void {
    this.#pump.drained();
  }

  closed(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#pump.stop();
    for (const runId of [...this.#subscriptions.keys()]) this.#drop(runId);
    this.#leaveDevices();
    this.#options.onClosed();
  }

  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.closed();
    this.#options.client.close(code, reason);
  }

  async #handle(message: Exclude<ClientMessage, { type: 'ping' }>): Promise<void> {
    if (!this.#open) return;
    if (message.type === 'subscribeDevices') return this.#watchDevices();
    if (message.type === 'unsubscribeDevices') {
      this.#leaveDevices();
      return this.#send({ type: 'unsubscribedDevices' });
    }
    // A UUID may be written in capitals; the log and the notices know the one way.
    const runId = message.runId.toLowerCase();
    try {
      if (message.type === 'unsubscribe') {
        this.#drop(runId);
        this.#send({ type: 'unsubscribed', runId });
      } else {
        await this.#subscribe(runId, message.after ?? 0);
      }
    } catch (error) {
      const known = error instanceof ServiceError;
      if (!known) this.#options.onError(error, `subscribing to run ${runId}`);
      this.#sendError(known ? error.code : 'internal', known ? error.message : 'The run could not be read; try again.', runId);
    }
  }

  async #subscribe(runId: string, after: number | 'now'): Promise<void> {
    const { limits, runs } = this.#options;
    if (!this.#subscriptions.has(runId) && this.#subscriptions.size >= limits.subscriptions) {
      return this.#sendError('rate_limited', `A connection may watch ${limits.subscriptions} runs.`, runId);
    }
    const lease = await runs.acquire(runId, after === 'now' ? 0 : after);
    if (lease === null) return this.#sendError('not_found', `There is no run ${runId}.`, runId);
    const { head } = lease.feed;
    let kept = false;
    try {
      if (!this.#open) return;
      if (after !== 'now' && after > head) return this.#sendError('bad_request', `The run has ${head} events; after is ${after}.`, runId);
      this.#drop(runId);
      this.#send({ type: 'subscribed', runId, head, recovered: true });
      if (!this.#open) return;
      kept = true;
      this.#subscriptions.set(
        runId,
        new Subscription({
          lease,
          after: after === 'now' ? head : after,
          framing: messageFraming,
          onNews: () => this.#pump.wake(),
          onPage: () => this.#pump.flush(),
          onDeleted: () => {
            this.#drop(runId);
            this.#send({ type: 'deleted', runId });
          },
        }),
      );
      this.#pump.wake();
    } finally {
      if (!kept) lease.release();
    }
  }

  #watchDevices(): void {
    const { client, bus, seenRuns, limits, onError } = this.#options;
    if (seenRuns === null) return this.#sendError('forbidden', 'It takes the right to `read` to watch the devices.');
    this.#leaveDevices();
    this.#send({ type: 'subscribedDevices' });
    if (!this.#open) return;
    this.#leaveDevices = subscribeToDevices({
      bus,
      seenRuns,
      ready: () => client.bufferedBytes() <= limits.highBytes,
      send: (message) => this.#send(message),
      onError: (error) => onError(error, 'asking which runs may be seen'),
    });
  }

  #drop(runId: string): void {
    const subscription = this.#subscriptions.get(runId);
    if (subscription === undefined) return;
    this.#subscriptions.delete(runId);
    subscription.close();
  }

  #sendError(code: ErrorCode, detail: string, runId?: string): void {
    this.#send({ type: 'error', code, detail, ...(runId === undefined ? {} : { runId }) });
  }

  #send(message: ServerMessage): void {
    if (this.#open) this.#pump.send(message);
  }
}
