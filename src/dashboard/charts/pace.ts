// How often a chart that grows is drawn: one that takes long to draw leaves the rest of the page its time.

/** Of the time that may go into drawing. */
const SHARE = 0.12;
/** A frame takes as long anyway. */
const FRAME_MS = 17;

export class Pace {
  readonly #now: () => number;
  readonly #nextFrame: (act: () => void) => void;
  #restUntil = 0;

  constructor(nextFrame: (act: () => void) => void, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#nextFrame = nextFrame;
  }

  /** Milliseconds until it may be drawn again. */
  get restMs(): number {
    return Math.max(0, this.#restUntil - this.#now());
  }

  /** It is being drawn. What that takes shows when the next frame comes: a canvas is painted after all that is said to it. */
  drawing(): void {
    const begun = this.#now();
    this.#nextFrame(() => {
      const took = Math.max(0, this.#now() - begun - FRAME_MS);
      this.#restUntil = begun + took / SHARE;
    });
  }
}
