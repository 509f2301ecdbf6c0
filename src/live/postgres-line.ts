// One connection to PostgreSQL that is made anew whenever it is lost, for who must hear as well as ask.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const CONNECT_TIMEOUT_MS = 1_500;
const MAX_BACKOFF_MS = 1_000;
/** A connection that died without a word is found out this often. */
const HEARTBEAT_MS = 15_000;

export interface PostgresLineOptions {
  url: string;
  applicationName: string;
  /** A query that takes longer rejects, and its connection is given up. */
  answerWithinMs: number;
  /** A new connection: nothing of the last one's session is left. */
  onUp(): void;
  /** The connection is lost, or could not be made. */
  onDown(error: Error): void;
  onNotification(channel: string, payload: string): void;
}

export class PostgresLine {
  readonly #options: PostgresLineOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  /** The connection, or the attempt to make it that is under way, or why there is none. */
  #connection: Promise<pg.Client>;
  #turn: Promise<unknown> = Promise.resolve();

  /** Starts to connect at once. */
  constructor(options: PostgresLineOptions) {
    this.#options = options;
    this.#connection = this.#connect();
    this.#running = this.#run();
  }

  /** Resolves after `onUp` was called. Rejects at once while there is no connection and none is being made. */
  async up(): Promise<void> {
    await this.#connection;
  }

  /** One query after the other, in order. Rejects at once without a connection. */
  query(sql: string, values: unknown[] = []): Promise<pg.QueryResult> {
    const answer = this.#turn.then(() => this.#ask(sql, values));
    this.#turn = answer.catch(() => {});
    return answer;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#connection.then((client) => client.end()).catch(() => {});
    await this.#running;
  }

  async #ask(sql: string, values: unknown[]): Promise<pg.QueryResult> {
    const client = await this.#connection;
    try {
      return await client.query(sql, values);
    } catch (error) {
      // Whatever the server says leaves the connection good; silence does not.
      if (!(error instanceof pg.DatabaseError)) void client.end().catch(() => {});
      throw error;
    }
  }

  async #run(): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        const client = await this.#connection;
        const lost = new Promise<Error>((resolve) => {
          client.on('error', resolve);
          client.once('end', () => resolve(new Error('the server closed the connection')));
        });
        failures = 0;
        this.#options.onUp();
        const heartbeat = setInterval(() => this.query('SELECT 1').catch(() => {}), HEARTBEAT_MS);
        const error = await lost;
        clearInterval(heartbeat);
        throw error;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#connection = Promise.reject(error as Error);
        this.#connection.catch(() => {});
        this.#options.onDown(error as Error);
      }
      await sleep(Math.min(25 * 2 ** failures, MAX_BACKOFF_MS), undefined, { signal: this.#stop.signal }).catch(() => {});
      if (this.#stop.signal.aborted) return;
      this.#connection = this.#connect();
    }
  }

  async #connect(): Promise<pg.Client> {
    const { url, applicationName, answerWithinMs, onNotification } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      application_name: applicationName,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: answerWithinMs,
      keepAlive: true,
    });
    // An error has several listeners or none in a connection's life; without one it would end the process.
    client.on('error', () => {});
    client.on('notification', ({ channel, payload }) => onNotification(channel, payload ?? ''));
    await client.connect();
    return client;
  }
}
