// The bus on PostgreSQL's LISTEN and NOTIFY, over one connection of its own per process.
import { within } from '../deadline.js';
import { encodeSamples, SamplesReader, type BoxSamples } from './box-samples.js';
import { BusListeners, decodeCommand, decodeNotice, encodeNotice } from './bus-listeners.js';
import type { Bus, BusOptions, Command, EventNotice, Unsubscribe } from './bus.js';
import { PostgresLine } from './postgres-line.js';

const EVENTS = 'trainyard_events';
const COMMANDS = 'trainyard_commands';
const SAMPLES = 'trainyard_samples';
/** The server takes payloads shorter than 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 7_999;
const MAX_BATCH = 100;
const ANSWER_WITHIN_MS = 2_000;

/** Starts to connect at once, and does not wait for it. */
export function createPostgresBus(options: BusOptions): Bus {
  return new PostgresBus(options);
}

interface Outgoing {
  channel: string;
  payload: string;
  sent(): void;
  lost(error: unknown): void;
}

class PostgresBus implements Bus {
  readonly #listeners: BusListeners;
  readonly #line: PostgresLine;
  /** Channels that this connection was told to listen to, and the answers to that. */
  readonly #heard = new Set<string>();
  #hearing: Promise<unknown> = Promise.resolve();
  #up = false;
  #missed = false;
  readonly #samples = new SamplesReader();
  readonly #outbox: Outgoing[] = [];
  #sending: Promise<void> | undefined;

  constructor({ url, onError = () => {} }: BusOptions) {
    this.#listeners = new BusListeners(() => this.#hear(), onError);
    this.#line = new PostgresLine({
      url,
      applicationName: 'trainyard-bus',
      answerWithinMs: ANSWER_WITHIN_MS,
      onUp: () => this.#connected(),
      onDown: (error) => {
        this.#up = false;
        this.#missed = true;
        onError(error);
      },
      onNotification: (channel, payload) => this.#receive(channel, payload),
    });
  }

  publishEvents(notice: EventNotice): Promise<void> {
    return this.#send(EVENTS, encodeNotice(notice, MAX_PAYLOAD_BYTES));
  }

  sendCommand(command: Command): Promise<void> {
    return this.#send(COMMANDS, JSON.stringify(command));
  }

  async publishSamples(samples: BoxSamples): Promise<void> {
    await Promise.all(encodeSamples(samples, MAX_PAYLOAD_BYTES).map((part) => this.#send(SAMPLES, part)));
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
      const heard = this.#line.up().then(() => this.#hearing);
      // The round trip finds out whether the connection is still there.
      await within(ANSWER_WITHIN_MS, heard.then(() => this.#line.query('SELECT 1')));
    } catch (error) {
      this.#missed = true;
      throw error;
    }
  }

  async ping(): Promise<void> {
    await within(ANSWER_WITHIN_MS, this.#line.query('SELECT 1'));
  }

  async close(): Promise<void> {
    await within(ANSWER_WITHIN_MS, this.#sending ?? Promise.resolve()).catch(() => {});
    this.#up = false;
    await this.#line.close();
  }

  #connected(): void {
    this.#up = true;
    this.#heard.clear();
    // A notice may be lost, so no commit needs to wait for the disk.
    this.#hearing = this.#line.query('SET synchronous_commit = off');
    this.#hear();
    const hearing = this.#hearing;
    hearing
      .then(() => {
        if (!this.#missed) return;
        this.#missed = false;
        this.#listeners.reportGap();
      })
      .catch(() => {});
  }

  /** Makes the server send what somebody wants, and no more. The listeners of single runs share a channel. */
  #hear(): void {
    if (!this.#up) return;
    const { wantsAll, wantsCommands, wantsSamples, wantedRuns } = this.#listeners;
    const wishes = { [EVENTS]: wantsAll || wantedRuns.length > 0, [COMMANDS]: wantsCommands, [SAMPLES]: wantsSamples };
    for (const [channel, wanted] of Object.entries(wishes)) {
      if (wanted === this.#heard.has(channel)) continue;
      if (wanted) this.#heard.add(channel);
      else this.#heard.delete(channel);
      this.#hearing = Promise.all([this.#hearing, this.#line.query(`${wanted ? 'LISTEN' : 'UNLISTEN'} ${channel}`)]);
    }
    this.#hearing.catch(() => {});
  }

  #receive(channel: string, payload: string): void {
    if (channel === COMMANDS) {
      const command = decodeCommand(payload);
      if (command) this.#listeners.deliverCommand(command);
      return;
    }
    if (channel === SAMPLES) {
      const samples = this.#samples.take(payload);
      if (samples) this.#listeners.deliverSamples(samples);
      return;
    }
    const notice = decodeNotice(payload);
    if (!notice) return;
    this.#listeners.deliverToAll(notice);
    this.#listeners.deliverToRun(notice);
  }

  #send(channel: string, payload: string): Promise<void> {
    return new Promise((sent, lost) => {
      this.#outbox.push({ channel, payload, sent, lost });
      this.#sending ??= this.#emptyOutbox().finally(() => (this.#sending = undefined));
    });
  }

  /** What has gathered during one query goes out with the next one. */
  async #emptyOutbox(): Promise<void> {
    while (this.#outbox.length > 0) {
      const batch = this.#outbox.splice(0, MAX_BATCH);
      const values = [batch.map(({ channel }) => channel), batch.map(({ payload }) => payload)];
      await within(
        ANSWER_WITHIN_MS,
        this.#line.query('SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS notice (channel, payload)', values),
      ).then(
        () => batch.forEach(({ sent }) => sent()),
        (error: unknown) => batch.forEach(({ lost }) => lost(error)),
      );
    }
  }
}
