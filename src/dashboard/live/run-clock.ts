// When each step of a run was: straight lines between the moments that the event log tells. For axes of time.
import type { RunEvent } from '../api/types.js';
import { firstWhere } from '../lib/sorted.js';

type StateEvent = Extract<RunEvent, { kind: 'state' }>;

export class RunClock {
  #steps: number[] = [];
  #times: number[] = [];
  #isWhole = false;

  /** Whether it knows the run from its start. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** What was before it began to note. */
  prepend(earlier: RunClock): void {
    const first = this.#steps[0] ?? Infinity;
    const kept = earlier.#steps.findLastIndex((step) => step < first) + 1;
    this.#steps = [...earlier.#steps.slice(0, kept), ...this.#steps];
    this.#times = [...earlier.#times.slice(0, kept), ...this.#times];
    this.#isWhole = true;
  }

  /** `timeMs` is since the epoch. Steps that are known already are left as they are. */
  note(step: number, timeMs: number): void {
    const last = this.#steps.at(-1);
    if (last !== undefined && step < last) return;
    // A pause: the same step, later. Both ends are kept.
    if (last === step && this.#steps.at(-2) === step) this.#times[this.#times.length - 1] = timeMs;
    else {
      this.#steps.push(step);
      this.#times.push(timeMs);
    }
    if (this.#steps.length > 8192) this.#thin();
  }

  /** A change of state. The time in line before the first start, and what starting takes, are none of its training. */
  takeState({ at, data: { state, step = 0 } }: StateEvent): void {
    if (state === 'starting') this.cut(step);
    if (state === 'running' || step > 0) this.note(step, Date.parse(at));
  }

  /** A run that was interrupted goes on from here; what followed is void. */
  cut(step: number): void {
    while (this.#steps.length > 0 && this.#steps.at(-1)! > step) {
      this.#steps.pop();
      this.#times.pop();
    }
  }

  /** Seconds since the first moment; beyond the last one it is as fast as it was on the whole. */
  secondsAt(step: number): number {
    const [steps, times] = [this.#steps, this.#times];
    if (steps.length < 2) return 0;
    const beyond = step > steps.at(-1)!;
    const after = Math.max(1, firstWhere(steps.length, (at) => steps[at]! >= step));
    const [a, b] = beyond ? [0, steps.length - 1] : [after - 1, after];
    const span = steps[b]! - steps[a]!;
    const rate = span === 0 ? 0 : (times[b]! - times[a]!) / span;
    const time = beyond ? times[b]! + (step - steps[b]!) * rate : times[a]! + (step - steps[a]!) * rate;
    return Math.max(0, time - times[0]!) / 1000;
  }

  /** When its first moment was, in milliseconds since the epoch; null before there is one. */
  get startMs(): number | null {
    return this.#times[0] ?? null;
  }

  /** The step that was the latest at a moment, with a fraction; the nearest known one outside of what it knows. */
  stepAt(timeMs: number): number {
    const [steps, times] = [this.#steps, this.#times];
    const after = firstWhere(times.length, (at) => times[at]! > timeMs);
    if (after === times.length) return steps.at(-1) ?? 0;
    if (after === 0) return steps[0]!;
    const share = (timeMs - times[after - 1]!) / (times[after]! - times[after - 1]!);
    return steps[after - 1]! + (steps[after]! - steps[after - 1]!) * share;
  }

  #thin(): void {
    const keep = (_: number, at: number) => at % 2 === 0 || at === this.#steps.length - 1;
    [this.#steps, this.#times] = [this.#steps.filter(keep), this.#times.filter(keep)];
  }
}
