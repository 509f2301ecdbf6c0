// Many runs that are looked at together, each with one curve. Rows and curves are read for all of them at once; what is
// under way is then told by its events. Knows neither network nor screen: both are handed to it.
import { ApiError } from '../api/error.js';
import type { Run } from '../api/types.js';
import type { RunWatcher } from './connection.js';
import { hasEnded } from '../../portable/run-states.js';
import { RunRecord } from './run-record.js';
import { Series } from './series.js';

/** Of a curve that grows live: about what a chart has pixels for. */
const MOST_ENTRIES = 1024;

export interface GroupSource {
  /** Of these runs, those that are there to be seen. */
  readRuns(ids: readonly string[], signal: AbortSignal): Promise<readonly Run[]>;
  /** The curve of each; empty ones may be left out. */
  readCurves(ids: readonly string[], curve: { key: string; most: number }, signal: AbortSignal): Promise<ReadonlyMap<string, Series>>;
  watch(runId: string, after: number, watcher: RunWatcher): void;
  unwatch(runId: string): void;
}

export interface GroupListener {
  /** Rows have come, changed or gone. */
  onRuns(): void;
  onCurves(): void;
}

export interface GroupPace {
  /** After a failure that may pass. */
  againMs: number;
  /** After an event that says that the row knows more. */
  refreshMs: number;
}

interface Member {
  record: RunRecord;
  /** Whether the points from before it was followed are here. */
  hasCurve: boolean;
}

export class RunGroup {
  readonly #source: GroupSource;
  readonly #listener: GroupListener;
  readonly #pace: GroupPace;
  readonly #members = new Map<string, Member>();
  readonly #missing = new Set<string>();
  /** Whose rows know more than their events have told. */
  readonly #stale = new Set<string>();
  #ids: readonly string[] = [];
  #key: string | null = null;
  #aborter = new AbortController();
  #isReading = false;
  #isAsked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Why something could not be read, until it could. */
  failure: unknown;

  constructor(source: GroupSource, listener: GroupListener, pace: GroupPace = { againMs: 3000, refreshMs: 300 }) {
    this.#source = source;
    this.#pace = pace;
    this.#listener = listener;
  }

  /** Follows these, and no others. */
  follow(ids: readonly string[]): void {
    this.#ids = ids;
    for (const id of [...this.#members.keys()]) if (!ids.includes(id)) this.#drop(id);
    this.#read();
  }

  /** The curve that is wanted of each. */
  want(key: string): void {
    if (key === this.#key) return;
    this.#key = key;
    for (const member of this.#members.values()) {
      member.record.series.clear();
      member.hasCurve = false;
    }
    this.#read();
  }

  /** In the order of the ids; those that are here. */
  runs(): Run[] {
    return this.#ids.flatMap((id) => this.#members.get(id)?.record.run ?? []);
  }

  /** Ids of which there is no run, or none that one may see. */
  missing(): string[] {
    return this.#ids.filter((id) => this.#missing.has(id));
  }

  /** Undefined until it was read. */
  curve(id: string): Series | undefined {
    const member = this.#members.get(id);
    return member?.hasCurve === true && this.#key !== null ? member.record.curve(this.#key) : undefined;
  }

  /** Tries again what failed. */
  retry(): void {
    clearTimeout(this.#timer);
    this.#read();
  }

  close(): void {
    this.#aborter.abort();
    this.#aborter = new AbortController();
    clearTimeout(this.#timer);
    for (const id of [...this.#members.keys()]) this.#drop(id);
    this.#missing.clear();
    this.#ids = [];
  }

  #drop(id: string): void {
    this.#members.delete(id);
    this.#stale.delete(id);
    this.#source.unwatch(id);
  }

  /** Reads what is lacking, one time after the other. */
  #read(): void {
    this.#isAsked = true;
    if (!this.#isReading) void this.#readAll(this.#aborter.signal);
  }

  async #readAll(signal: AbortSignal): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#isAsked && !signal.aborted) {
        this.#isAsked = false;
        const ahead = this.#readAhead(signal);
        await this.#readRows(signal);
        this.#takeAhead(await ahead);
        await this.#readCurves(signal);
      }
      if (!signal.aborted && this.failure !== undefined) {
        this.failure = undefined;
        this.#listener.onRuns();
      }
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    } finally {
      this.#isReading = false;
      // Closed while it read, and wanted again since.
      if (signal.aborted && this.#isAsked) this.#read();
    }
  }

  #failed(error: unknown): void {
    this.failure = error;
    this.#listener.onRuns();
    if (error instanceof ApiError && error.passing) this.#timer = setTimeout(() => this.#read(), this.#pace.againMs);
  }

  async #readRows(signal: AbortSignal): Promise<void> {
    const lacking = this.#ids.filter((id) => !this.#members.has(id) && !this.#missing.has(id));
    const asked = [...lacking, ...this.#stale];
    if (asked.length === 0) return;
    this.#stale.clear();
    try {
      const rows = new Map((await this.#source.readRuns(asked, signal)).map((run) => [run.id, run]));
      if (signal.aborted) return;
      for (const id of asked) this.#takeRow(id, rows.get(id));
    } catch (error) {
      for (const id of asked) if (this.#members.has(id)) this.#stale.add(id);
      throw error;
    }
    this.#listener.onRuns();
  }

  #takeRow(id: string, run: Run | undefined): void {
    const member = this.#members.get(id);
    if (run === undefined) {
      this.#missing.add(id);
      this.#drop(id);
    } else if (member !== undefined) member.record.refresh(run);
    else if (this.#ids.includes(id)) this.#join(run);
  }

  #join(run: Run): void {
    const record = new RunRecord(run, new Map(), (key) => key === this.#key);
    this.#members.set(run.id, { record, hasCurve: false });
    if (hasEnded(run.state)) return;
    this.#source.watch(run.id, run.head, {
      onEvent: (event) => {
        const before = record.run.state;
        if (record.take(event).refresh) this.#refreshSoon(run.id);
        if (event.kind === 'metrics' || event.kind === 'epoch') this.#listener.onCurves();
        if (event.kind !== 'metrics' || before !== record.run.state) this.#listener.onRuns();
      },
      onGone: () => {
        this.#takeRow(run.id, undefined);
        this.#listener.onRuns();
      },
      onStale: () => {
        this.#drop(run.id);
        this.#read();
      },
    });
  }

  #refreshSoon(id: string): void {
    if (this.#stale.size === 0) setTimeout(() => this.#stale.size > 0 && this.#read(), this.#pace.refreshMs);
    this.#stale.add(id);
  }

  /** Curves of runs that are not known yet, beside their rows. */
  async #readAhead(signal: AbortSignal): Promise<{ key: string; read: ReadonlyMap<string, Series> } | null> {
    const key = this.#key;
    const lacking = this.#ids.filter((id) => !this.#members.has(id) && !this.#missing.has(id));
    if (key === null || lacking.length === 0) return null;
    // What fails is asked for again in its turn, and told then.
    const read = await this.#source.readCurves(lacking, { key, most: MOST_ENTRIES }, signal).catch(() => new Map<string, Series>());
    return { key, read };
  }

  /** One that is whole: a run that was at work may have told more between its curve and its row. */
  #takeAhead(ahead: { key: string; read: ReadonlyMap<string, Series> } | null): void {
    if (ahead === null || ahead.key !== this.#key) return;
    for (const [id, series] of ahead.read) {
      const member = this.#members.get(id);
      if (member === undefined || member.hasCurve || !hasEnded(member.record.run.state)) continue;
      const { step, epoch } = member.record.run.progress;
      if (series.lastStep >= (ahead.key.startsWith('epoch/') ? epoch : step)) this.#takeCurve(member, ahead.key, series);
    }
    this.#listener.onCurves();
  }

  async #readCurves(signal: AbortSignal): Promise<void> {
    const key = this.#key;
    const lacking = [...this.#members].filter(([, { hasCurve }]) => !hasCurve);
    if (key === null || lacking.length === 0) return;
    const attempts = new Map(lacking.map(([id, { record }]) => [id, record.run.attempt]));
    const read = await this.#source.readCurves([...attempts.keys()], { key, most: MOST_ENTRIES }, signal);
    if (signal.aborted || key !== this.#key) return;
    for (const [id, member] of lacking) {
      if (this.#members.get(id) !== member) continue;
      // A new attempt has begun meanwhile, perhaps from an earlier step: what was read may be of the one before.
      if (member.record.run.attempt !== attempts.get(id)) this.#isAsked = true;
      else this.#takeCurve(member, key, read.get(id) ?? new Series(MOST_ENTRIES));
    }
    this.#listener.onCurves();
  }

  /** What events have told since it was asked for goes on from where it ends. */
  #takeCurve(member: Member, key: string, read: Series): void {
    const since = member.record.series.get(key);
    if (since !== undefined) read.append(since);
    member.record.series.set(key, read);
    member.hasCurve = true;
  }
}
