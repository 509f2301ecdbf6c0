// The bus on Redis' pub/sub: one connection to send, one to listen.
import { Redis } from 'ioredis';
import { within } from '../deadline.js';
import { encodeSamples, SamplesReader, type BoxSamples } from './box-samples.js';
import { BusListeners, decodeCommand, decodeNotice, encodeNotice } from './bus-listeners.js';
import type { Bus, BusOptions, Command, EventNotice, Unsubscribe } from './bus.js';

/** Redis would carry more, but drops a subscriber who has too much waiting for it. */
const MAX_PAYLOAD_BYTES = 65_536;
const ANSWER_WITHIN_MS = 2_000;
const CONNECT_TIMEOUT_MS = 1_500;
/** Who only listens would not notice that its connection died without a word; asking finds out. */
const HEARTBEAT_MS = 15_000;

/** Starts to connect at once, and does not wait for it. */
export function createRedisBus(options: BusOptions): Bus {
  return new RedisBus(options);
}

class RedisBus implements Bus {
  readonly #listeners: BusListeners;
  readonly #publisher: Connection;
  readonly #subscriber: Connection;
  /** All databases of a Redis share its channels; hence the number in their names. */
  readonly #prefix: string;
  /** What this connection was told to send, and the answers to that. */
  readonly #heard = new Set<string>();
  #hearing: Promise<unknown> = Promise.resolve();
  readonly #samples = new SamplesReader();
  #missed = false;
  readonly #heartbeat: NodeJS.Timeout;

  constructor({ url, onError = () => {} }: BusOptions) {
    this.#listeners = new BusListeners(() => this.#hear(), onError);
    this.#publisher = connect(url, onError);
    this.#subscriber = connect(url, onError);
    this.#prefix = `trainyard:${this.#publisher.client.options.db ?? 0}`;
    const { client } = this.#subscriber;
    this.#heartbeat = setInterval(() => this.#stillListens(), HEARTBEAT_MS);
    client.on('ready', () => this.#connected());
    client.on('close', () => (this.#missed = true));
    client.on('message', (channel, payload) => this.#receive(channel, payload));
    client.on('pmessage', (_pattern, _channel, payload) => {
      const notice = decodeNotice(payload);
      if (notice) this.#listeners.deliverToAll(notice);
    });
  }

  async publishEvents(notice: EventNotice): Promise<void> {
    await this.#send(this.#runChannel(notice.runId), encodeNotice(notice, MAX_PAYLOAD_BYTES));
  }

  async sendCommand(command: Command): Promise<void> {
    await this.#send(this.#commandChannel, JSON.stringify(command));
  }

  async publishSamples(samples: BoxSamples): Promise<void> {
    await Promise.all(encodeSamples(samples, MAX_PAYLOAD_BYTES).map((part) => this.#send(this.#samplesChannel, part)));
  }

  onEvents(listener: (notice: EventNotice) => void): Unsubscribe {
    return this.#listeners.onEvents(listener);
  }

  subscribe(runId: string, listener: (notice: EventNotice) => void): Unsubscribe {
    return this.#listeners.subscribe(runId, listener);
  }

  onCommand(listener: (command: Command) => void): Unsubscribe {
    return this.#listeners.onCommand(listener);
  }

  onSamples(listener: (samples: BoxSamples) => void): Unsubscribe {
    return this.#listeners.onSamples(listener);
  }

  onGap(listener: () => void): Unsubscribe {
    return this.#listeners.onGap(listener);
  }

  async listening(): Promise<void> {
    try {
      const heard = ready(this.#subscriber).then(() => this.#hearing);
      // The round trip finds out whether the connection is still there.
      await within(ANSWER_WITHIN_MS, heard.then(() => this.#subscriber.client.ping()));
    } catch (error) {
      this.#missed = true;
      throw error;
    }
  }

  async ping(): Promise<void> {
    const pings = [this.#publisher, this.#subscriber].map(async (connection) => (await ready(connection)).ping());
    await within(ANSWER_WITHIN_MS, Promise.all(pings));
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    // QUIT is answered after everything that was sent before; without a store it fails at once.
    await within(ANSWER_WITHIN_MS, this.#publisher.client.quit()).catch(() => {});
    this.#publisher.client.disconnect();
    this.#subscriber.client.disconnect();
  }

  get #commandChannel(): string {
    return `${this.#prefix}:commands`;
  }

  get #samplesChannel(): string {
    return `${this.#prefix}:samples`;
  }

  #runChannel(runId: string): string {
    return `${this.#prefix}:run:${runId}`;
  }

  async #send(channel: string, payload: string): Promise<void> {
    await within(ANSWER_WITHIN_MS, ready(this.#publisher).then((client) => client.publish(channel, payload)));
  }

  #connected(): void {
    this.#heard.clear();
    this.#hearing = Promise.resolve();
    this.#hear();
    this.#hearing
      .then(() => {
        if (!this.#missed) return;
        this.#missed = false;
        this.#listeners.reportGap();
      })
      .catch(() => {});
  }

  #stillListens(): void {
    ready(this.#subscriber)
      .then((client) => client.ping())
      .catch(() => {});
  }

  /** Makes Redis send what somebody wants, and no more. */
  #hear(): void {
    const { client } = this.#subscriber;
    if (client.status !== 'ready') return;
    const wanted = new Set(this.#listeners.wantedRuns.map((runId) => this.#runChannel(runId)));
    if (this.#listeners.wantsCommands) wanted.add(this.#commandChannel);
    if (this.#listeners.wantsSamples) wanted.add(this.#samplesChannel);
    if (this.#listeners.wantsAll) wanted.add(this.#runChannel('*'));
    const added = [...wanted].filter((name) => !this.#heard.has(name));
    const dropped = [...this.#heard].filter((name) => !wanted.has(name));
    for (const name of added) this.#heard.add(name);
    for (const name of dropped) this.#heard.delete(name);
    this.#hearing = Promise.all([
      this.#hearing,
      ...added.map((name) => (name.endsWith('*') ? client.psubscribe(name) : client.subscribe(name))),
      ...dropped.map((name) => (name.endsWith('*') ? client.punsubscribe(name) : client.unsubscribe(name))),
    ]);
    this.#hearing.catch(() => {});
  }

  #receive(channel: string, payload: string): void {
    if (channel === this.#commandChannel) {
      const command = decodeCommand(payload);
      if (command) this.#listeners.deliverCommand(command);
      return;
    }
    if (channel === this.#samplesChannel) {
      const samples = this.#samples.take(payload);
      if (samples) this.#listeners.deliverSamples(samples);
      return;
    }
    const notice = decodeNotice(payload);
    if (notice) this.#listeners.deliverToRun(notice);
  }
}

interface Connection {
  client: Redis;
  /** Settles with the first attempt to connect, and never rejects. */
  tried: Promise<unknown>;
}

function connect(url: string, onError: (error: Error) => void): Connection {
  const client = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    // An unanswered command means that the connection is dead; it is made again.
    socketTimeout: ANSWER_WITHIN_MS,
    // What was not sent in time is not worth sending later.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // Done by hand, because the gap may only be reported when Redis has confirmed it.
    autoResubscribe: false,
    retryStrategy: (times) => Math.min(25 * 2 ** Math.min(times, 10), 1_000),
  });
  client.on('error', onError);
  return { client, tried: new Promise((resolve) => client.once('ready', resolve).once('close', resolve)) };
}

/** Waits for a connection that is being made for the first time; while a lost one is, it rejects at once. */
async function ready({ client, tried }: Connection): Promise<Redis> {
  await tried;
  if (client.status !== 'ready') throw new Error('the bus has no connection');
  return client;
}
