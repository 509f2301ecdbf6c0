// How an attempt ends, by what was asked of it, what its trainer said and how that went. Pure.
import { timeIsUp, type Failure, type RunEnd } from '../src/runs/lifecycle.js';
import type { Leaving } from '../src/run-states.js';
import { causeOfDeath, type TrainerExit } from './trainer-process.js';

/** What is said of a run that waits again, by why it left. */
const LEAVING_WORDS: Readonly<Record<Exclude<Leaving, 'timeout' | 'idle'>, string>> = {
  share: 'made room: its team had more than its share, and another has a claim to it; queued again',
  turn: 'made room for a run that had waited too long; queued again',
  loan: 'its devices were lent to it, and are needed by the run they were kept for; queued again',
  drain: 'its box is drained; queued again',
  budget: "its team has used up today's time on devices; queued again",
};

/** Back in line, with what is said of it. */
export interface HandedBack {
  handBack: string;
}

export class Ending {
  readonly #maxRuntimeSeconds: number | undefined;
  #isCancelled = false;
  #isPaused = false;
  #timedOut: 'timeout' | 'idle' | null = null;
  #handBack: string | null = null;
  /** The first to say so wins. */
  #end: RunEnd | Failure | null = null;

  constructor({ maxRuntimeSeconds }: { maxRuntimeSeconds: number | undefined }) {
    this.#maxRuntimeSeconds = maxRuntimeSeconds;
  }

  /** What its trainer is to do, as it stands. */
  get asked(): 'cancel' | 'pause' | null {
    if (this.#isCancelled) return 'cancel';
    return this.#isPaused ? 'pause' : null;
  }

  /** There is nothing to train for. */
  get isHandedBack(): boolean {
    return this.#handBack !== null;
  }

  cancel(): void {
    this.#isCancelled = true;
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** It waits in line again, unless it has come to its end already; one that is to be cancelled is cancelled all the same. */
  handBack(message: string): void {
    if (this.#end === null) this.#handBack ??= message;
    this.pause();
  }

  leave(why: Leaving): void {
    if (why !== 'timeout' && why !== 'idle') return this.handBack(LEAVING_WORDS[why]);
    this.#timedOut ??= why;
    this.pause();
  }

  /** The trainer has told. */
  said(end: RunEnd | Failure): void {
    if (end.state === 'paused') this.#endPaused(end.message);
    else this.#end ??= end;
  }

  /** The trainer has gone. */
  went(exit: TrainerExit): void {
    this.#end ??= this.#endOf(exit);
  }

  failed(failure: Failure): void {
    this.#end ??= failure;
  }

  /** Whatever was said before: it is worth nothing. */
  ruined(failure: Failure): void {
    this.#end = failure;
  }

  /** @throws Error where nothing has ended it */
  conclusion(): RunEnd | Failure | HandedBack {
    if (this.#end !== null) return this.#end;
    if (this.#handBack === null) throw new Error('the attempt has not ended');
    return { handBack: this.#handBack };
  }

  /** It was asked to pause, and then perhaps to cancel, which it could not hear any more; or its worker stops. */
  #endPaused(message: string | null): void {
    if (this.#isCancelled) this.#end ??= { state: 'cancelled', reason: 'user_cancel', message: 'cancelled on request' };
    else if (this.#timedOut !== null) this.#end ??= this.#timeout(this.#timedOut);
    else if (this.#handBack === null) this.#end ??= { state: 'paused', reason: 'user_pause', message };
  }

  /** For a trainer that went without saying how its run ended; null where the run is handed back. */
  #endOf(exit: TrainerExit): RunEnd | Failure | null {
    const cause = causeOfDeath(exit);
    if (this.#isCancelled) {
      const message = exit.signal === 'SIGKILL' ? 'its trainer did not stop by itself and was killed' : cause.message;
      return { state: 'cancelled', reason: 'user_cancel', message: `cancelled; ${message}` };
    }
    if (this.#timedOut !== null) return this.#timeout(this.#timedOut);
    if (this.#handBack !== null) return null;
    if (this.#isPaused) return { state: 'paused', reason: 'user_pause', message: `paused; ${cause.message}` };
    return { state: 'failed', ...cause };
  }

  #timeout(why: 'timeout' | 'idle'): Failure {
    if (why === 'timeout') return timeIsUp(this.#maxRuntimeSeconds);
    return { state: 'failed', reason: 'timeout', message: 'it held devices and computed no step for too long (TRAINYARD_IDLE_MINUTES); it can be resumed' };
  }
}
