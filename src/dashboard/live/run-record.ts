// One run as the page knows it: what was read over HTTP, with every event since. Knows neither network nor screen.
import { hasEnded } from '../../portable/run-states.js';
import type { Run, RunEvent } from '../api/types.js';
import { RunClock } from './run-clock.js';
import { numberOf } from '../lib/number-of.js';
import { Series } from './series.js';

/** Events to read, not to draw. */
export type Notice = Extract<RunEvent, { kind: 'state' | 'log' | 'warning' | 'checkpoint' }>;
const MOST_NOTICES = 1000;

/** What an event asks for beyond what it tells. */
export interface Change {
  /** The run's row knows what no event tells: the device, the kept epoch's numbers, the files. */
  refresh: boolean;
}

export class RunRecord {
  run: Run;
  series: Map<string, Series>;
  readonly clock = new RunClock();
  /** Since it was read, oldest first. */
  notices: Notice[] = [];
  /** Number of the latest event of each kind since it was read, for what is read over HTTP when there is more of it. */
  readonly latest = new Map<string, number>();
  #attempt: number;

  readonly #keeps: (key: string) => boolean;

  /**
   * The curves must have been read after the run, so that none of the events that follow its `head` is missing.
   * @param keeps whether points of a curve are to be kept; all are when absent
   */
  constructor(run: Run, series: Map<string, Series>, keeps: (key: string) => boolean = () => true) {
    this.run = run;
    this.series = series;
    this.#keeps = keeps;
    this.#attempt = run.attempt;
  }

  /** The curve, which may be empty. */
  curve(key: string): Series {
    let series = this.series.get(key);
    if (series === undefined) this.series.set(key, (series = new Series()));
    return series;
  }

  /** Steps of one epoch. */
  get stepsPerEpoch(): number {
    return this.run.progress.totalSteps / this.run.progress.epochs;
  }

  /** Every event once, in order, from the run's `head` on. */
  take(event: RunEvent): Change {
    const { data } = event;
    this.latest.set(event.kind, event.seq);
    if ('attempt' in data) {
      if (data.attempt > this.#attempt) this.#beginAttempt(event);
      else if (data.attempt < this.#attempt) return { refresh: false };
    }
    if (event.kind === 'state' || event.kind === 'log' || event.kind === 'warning' || event.kind === 'checkpoint') this.#note(event);
    if (event.kind === 'state') this.#takeState(event);
    else if (event.kind === 'metrics') this.#takeSteps(event);
    else if (event.kind === 'epoch') this.#takeEpoch(event);
    return { refresh: event.kind === 'state' || event.kind === 'artifact' };
  }

  /** What has changed in the row, save what events tell better. */
  refresh(fresh: Run): void {
    const { progress, metrics, ...rest } = fresh;
    const { state, reason, message, head, attempt } = this.run;
    const { epochs, totalSteps } = progress;
    this.run = { ...rest, state, reason, message, head, attempt, metrics: hasEnded(fresh.state) || Object.keys(this.run.metrics).length === 0 ? metrics : this.run.metrics, progress: { ...this.run.progress, epochs, totalSteps } };
  }

  /** A new attempt goes on from a step, or trains from the start, and its events all follow. */
  #beginAttempt({ data }: RunEvent): void {
    const { attempt, step = 0, epoch = 0 } = data as { attempt: number; step?: number; epoch?: number };
    const wasWhole = Math.floor(this.run.progress.step / this.stepsPerEpoch);
    this.#attempt = attempt;
    if (step === 0) this.series = new Map();
    for (const [key, series] of this.series) series.cut(key.startsWith('epoch/') ? epoch : step);
    this.clock.cut(step);
    // Where the latest epoch is void, the row knows those of the one before.
    this.run = { ...this.run, attempt, metrics: epoch === wasWhole ? this.run.metrics : {}, progress: { ...this.run.progress, epoch, step, examplesPerSecond: null } };
  }

  #takeState(event: Extract<RunEvent, { kind: 'state' }>): void {
    const { at, data } = event;
    const { state, reason = null, message = null } = data;
    const { startedAt, endedAt } = this.run;
    this.run = { ...this.run, state, reason, message, startedAt: state === 'starting' ? at : startedAt, endedAt: hasEnded(state) ? at : state === 'queued' ? null : endedAt };
    this.clock.takeState(event);
  }

  #takeSteps({ at, data: { epoch, steps, series, examplesPerSecond } }: Extract<RunEvent, { kind: 'metrics' }>): void {
    for (const [name, values] of Object.entries(series)) {
      const key = `batch/${name}`;
      if (!this.#keeps(key)) continue;
      const curve = this.curve(key);
      values.forEach((value, index) => curve.add(steps[index] ?? 0, numberOf(value)));
    }
    const step = steps.at(-1) ?? this.run.progress.step;
    this.clock.note(step, Date.parse(at));
    this.run = { ...this.run, progress: { ...this.run.progress, epoch, step, examplesPerSecond } };
  }

  #takeEpoch({ at, data: { epoch, step, metrics, examplesPerSecond } }: Extract<RunEvent, { kind: 'epoch' }>): void {
    for (const [name, value] of Object.entries(metrics)) if (this.#keeps(`epoch/${name}`)) this.curve(`epoch/${name}`).add(epoch, numberOf(value));
    this.clock.note(step, Date.parse(at));
    this.run = { ...this.run, metrics: { ...this.run.metrics, ...metrics }, progress: { ...this.run.progress, epoch, step, examplesPerSecond } };
  }

  #note(event: Notice): void {
    this.notices = [...this.notices.slice(-MOST_NOTICES + 1), event];
  }
}
