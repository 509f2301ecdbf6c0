// One client of one run, for a transport that carries nothing else and hears nothing: the events after its
// position, and an end when none can follow.
import { hasEnded } from '../portable/run-states.js';
import type { EndMessage, ServerMessage } from '../schemas/live.js';
import type { Clock } from './clock.js';
import { FramePump, type LiveClient } from './frame-pump.js';
import type { Framing } from './framing.js';
import type { LiveLimits } from './limits.js';
import { Subscription } from './subscription.js';
import type { FeedLease } from './watched-runs.js';

export interface RunStreamOptions {
  lease: FeedLease;
  /** Number of the last event that the client has. */
  after: number;
  framing: Framing;
  clock: Clock;
  limits: LiveLimits;
  onClosed(): void;
}

/** Whoever opened it MUST start it or say that it is closed. */
export class RunStream {
  readonly subscriptionCount = 1;
  readonly #options: RunStreamOptions;
  readonly #subscription: Subscription;
  #client: LiveClient | null = null;
  #pump: FramePump | null = null;
  #open = true;

  constructor(options: RunStreamOptions) {
    this.#options = options;
    const { lease, after, framing } = options;
    this.#subscription = new Subscription({
      lease, after, framing,
      onNews: () => this.#pump?.wake(),
      onPage: () => this.#pump?.flush(),
      onDeleted: () => this.#finish({ type: 'deleted', runId: lease.feed.runId }, 'the run was deleted'),
    });
  }

  /** Number of the latest event of the run. */
  get head(): number {
    return this.#subscription.feed.head;
  }

  /** Number of the last event that the client was given, or did not want. */
  get position(): number {
    return this.#subscription.position;
  }

  /** Whether the run has ended and the client is past its last event. */
  get complete(): boolean {
    return hasEnded(this.#subscription.feed.latest.state) && !this.#subscription.behind;
  }

  start(client: LiveClient): void {
    if (!this.#open) return client.close(1001, 'the stream was closed before it began');
    const { clock, limits, framing, lease: { feed } } = this.#options;
    this.#client = client;
    this.#pump = new FramePump({
      client, clock, limits, framing,
      subscriptions: new Map([[feed.runId, this.#subscription]]),
      onTooSlow: () => this.close(1013, 'the client reads too slowly'),
      onCaughtUp: () => {
        if (this.complete) this.#finish({ type: 'end', runId: feed.runId, head: feed.head, state: feed.latest.state }, 'the run has ended');
      },
    });
    this.#pump.wake();
  }

  /** Fewer bytes are buffered than before; optional, the hub also looks by itself. */
  drained(): void {
    this.#pump?.drained();
  }

  /** The client has gone. */
  closed(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#pump?.stop();
    this.#subscription.close();
    this.#options.onClosed();
  }

  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.closed();
    this.#client?.close(code, reason);
  }

  #finish(message: ServerMessage | EndMessage, reason: string): void {
    this.#pump?.send(message);
    this.close(1000, reason);
  }
}
