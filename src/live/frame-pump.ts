// The frames of one live client. They are pulled from its subscriptions only while it takes them, so a slow
// client costs the log some readings and the hub no memory; every event still comes, in order, as it drains.
import type { EndMessage, ServerMessage } from '../schemas/live.js';
import type { Clock } from './clock.js';
import type { Framing } from './framing.js';
import type { LiveLimits } from './limits.js';
import type { Subscription } from './subscription.js';

/** The transport's side of a connection. */
export interface LiveClient {
  send(text: string): void;
  /** Bytes handed to `send` that the transport still holds. */
  bufferedBytes(): number;
  close(code: number, reason: string): void;
}

export interface FramePumpOptions {
  client: Pick<LiveClient, 'send' | 'bufferedBytes'>;
  clock: Clock;
  limits: LiveLimits;
  framing: Framing;
  /** By run; the pump keeps them in the order of their turns. */
  subscriptions: Map<string, Subscription>;
  /** The client is over the hard limit, or has taken nothing for too long. */
  onTooSlow(): void;
  /** The client has been sent everything that is known of. */
  onCaughtUp?(): void;
}

export class FramePump {
  readonly #options: FramePumpOptions;
  #stopped = false;
  #flushedAt = Number.NEGATIVE_INFINITY;
  #timer: (() => void) | null = null;
  /** Set while the client is over its high mark: since when it took nothing, and how much it held then. */
  #paused: { since: number; bytes: number } | null = null;
  /** Since when the client has not been at the head of all its runs for lack of draining. */
  #slowSince: number | null = null;
  #laggingAt = Number.NEGATIVE_INFINITY;

  constructor(options: FramePumpOptions) {
    this.#options = options;
  }

  /** Sends a message ahead of all events that were not sent yet. */
  send(message: ServerMessage | EndMessage): void {
    this.#sendFrame([this.#options.framing.message(message)]);
  }

  /** The transport holds less than before. */
  drained(): void {
    if (this.#paused !== null) this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.();
    this.#timer = null;
  }

  /** Sends what is there: at once after a silence, else when the frame interval has passed. */
  wake(): void {
    if (this.#stopped || this.#timer !== null || this.#paused !== null) return;
    const { clock, limits } = this.#options;
    const wait = this.#flushedAt + limits.frameIntervalMs - clock.now();
    if (wait <= 0) this.flush();
    else this.#schedule(wait, () => this.flush());
  }

  /** Sends what is there, now, unless the client is paused. */
  flush(): void {
    if (this.#stopped || this.#paused !== null) return;
    this.#timer?.();
    this.#timer = null;
    const { client, clock, limits, subscriptions, onCaughtUp } = this.#options;
    if (client.bufferedBytes() > limits.highBytes) return this.#pause();
    const parts: string[] = [...this.#lagging()];
    let count = parts.length;
    let bytes = 0;
    for (const [runId, subscription] of [...subscriptions]) {
      // Pulled until it has nothing at hand: then it wakes us when it has.
      while (bytes < limits.frameBytes) {
        const chunk = subscription.pull(limits.frameBytes - bytes);
        if (chunk === null) break;
        parts.push(chunk.text);
        count += chunk.count;
        bytes += chunk.text.length + 1;
        // To the end of the queue: the next frame begins with the other runs.
        subscriptions.delete(runId);
        subscriptions.set(runId, subscription);
      }
    }
    if (count > 0) {
      this.#flushedAt = clock.now();
      this.#sendFrame(parts, count);
    }
    if (this.#stopped) return;
    if (bytes >= limits.frameBytes) this.#schedule(0, () => this.flush());
    else if (![...subscriptions.values()].some((subscription) => subscription.behind)) {
      this.#slowSince = null;
      onCaughtUp?.();
    }
  }

  #pause(): void {
    const { client, clock } = this.#options;
    this.#paused = { since: clock.now(), bytes: client.bufferedBytes() };
    this.#slowSince ??= clock.now();
    this.#schedule(this.#options.limits.drainEveryMs, () => this.#look());
  }

  /** Looks whether a paused client has taken enough to go on, or has stopped taking anything. */
  #look(): void {
    if (this.#stopped || this.#paused === null) return;
    this.#timer?.();
    this.#timer = null;
    const { client, clock, limits } = this.#options;
    const bytes = client.bufferedBytes();
    if (bytes <= limits.lowBytes) {
      this.#paused = null;
      return this.flush();
    }
    if (bytes < this.#paused.bytes) this.#paused = { since: clock.now(), bytes };
    else if (clock.now() - this.#paused.since >= limits.stallMs) return this.#options.onTooSlow();
    const lagging = this.#lagging();
    if (lagging.length > 0) {
      this.#sendFrame(lagging);
      if (this.#stopped) return;
      this.#paused.bytes = client.bufferedBytes();
    }
    this.#schedule(limits.drainEveryMs, () => this.#look());
  }

  /** How things stand in the runs that a slow client is behind in; at most once in `laggingEveryMs`. */
  #lagging(): string[] {
    const { clock, limits, framing, subscriptions } = this.#options;
    const now = clock.now();
    if (this.#slowSince === null || now - this.#slowSince < limits.laggingEveryMs || now - this.#laggingAt < limits.laggingEveryMs) return [];
    const behind = [...subscriptions].filter(([, subscription]) => subscription.behind);
    if (behind.length === 0) return [];
    this.#laggingAt = now;
    return behind.map(([runId, { feed }]) => framing.message({ type: 'lagging', runId, head: feed.head, ...feed.latest }));
  }

  #schedule(ms: number, action: () => void): void {
    this.#timer?.();
    this.#timer = this.#options.clock.after(ms, () => {
      this.#timer = null;
      action();
    });
  }

  #sendFrame(parts: readonly string[], count = parts.length): void {
    if (this.#stopped) return;
    const { client, limits, framing, onTooSlow } = this.#options;
    const text = parts.join(framing.separator);
    if (text === '') return;
    client.send(framing.frame(text, count));
    if (client.bufferedBytes() > limits.hardBytes) onTooSlow();
  }
}
