// What the database holds, in memory: the fake repositories read and write these records as the real ones do
// their tables. Everything that leaves is a copy.
import { FencedError, type Fence } from '../../src/live/event-log.js';
import type { Artifact, NewCheckpoint } from '../../src/artifacts/artifact-repository.js';
import type { Curve } from '../../src/metrics/chunks.js';
import { isHeld } from '../../src/portable/run-states.js';
import { storable } from '../../src/db/storable-text.js';
import type { NewEvent, RunEvent } from '../../src/schemas/event.js';
import type { Plan } from '../../src/schemas/plan.js';
import type { Run } from '../../src/schemas/run.js';

export interface RunRecord {
  teamId: string;
  run: Run;
  plan: Plan;
  leaseOwner: string | null;
  leaseExpiresAt: Date | null;
  events: RunEvent[];
  /** By attempt and key. */
  curves: Map<string, Curve>;
  artifacts: Map<string, Artifact>;
  /** By path. */
  checkpoints: Map<string, Omit<NewCheckpoint, 'files'>>;
}

export class FakeRecords {
  /** Of every team; null is without a limit. */
  storageLimitBytes: number | null = null;

  readonly runs = new Map<string, RunRecord>();
  readonly idempotencyKeys = new Map<string, { runId: string; fingerprint: string; at: number }>();
  /** Set to make every statement fail, as while the database is away. */
  down: Error | null = null;
  #created = 0;
  #freeing: Promise<void> = Promise.resolve();

  constructor(readonly now: () => number = Date.now) {}

  /** Every statement passes here. */
  async statement(): Promise<void> {
    if (this.down !== null) throw this.down;
  }

  /** Those who add files wait until nobody frees any. */
  async storeReleased(): Promise<void> {
    let seen;
    do {
      seen = this.#freeing;
      await seen;
    } while (seen !== this.#freeing);
  }

  async holdStore(work: () => Promise<void>): Promise<void> {
    const done = this.#freeing.then(work);
    this.#freeing = done.catch(() => undefined);
    await done;
  }

  /** Sortable by creation, as UUIDv7 is. */
  nextId(): string {
    this.#created += 1;
    return `01890000-0000-7000-8000-${this.#created.toString(16).padStart(12, '0')}`;
  }

  held({ runId, attempt }: Fence): RunRecord {
    const record = this.runs.get(runId);
    const holds = record !== undefined && record.run.attempt === attempt && isHeld(record.run.state);
    if (!holds) throw new FencedError({ runId, attempt });
    return record;
  }

  /** Numbers the events and puts them at the end of the run's log. */
  append(record: RunRecord, events: readonly NewEvent[]): RunEvent[] {
    const numbered = events.map((event, index) => structuredClone({ seq: record.run.head + index + 1, ...event, data: storable(event.data) }) as RunEvent);
    record.events.push(...numbered.map(asStored));
    record.run.head += numbered.length;
    return numbered;
  }
}

/** As it comes back from a jsonb and a timestamptz. */
function asStored(event: RunEvent): RunEvent {
  return { ...(JSON.parse(JSON.stringify(event)) as RunEvent), at: new Date(event.at).toISOString() };
}

/** What node-postgres says when nobody listens. */
export function databaseAway(): Error {
  return Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
}
