// What is to be drawn, drawn together: with the next frame, or in a second where a hidden page has none.

const HIDDEN_MS = 1000;

export interface Frames {
  ask(work: () => void): number;
  drop(frame: number): void;
}

/** Does `work` once, however often it is asked for before. */
export function nextFrame(work: () => void, frames: Frames): { ask(): void; drop(): void } {
  let frame: number | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const drop = () => {
    if (frame !== null) frames.drop(frame);
    clearTimeout(timer);
    frame = null;
  };
  const due = () => {
    drop();
    work();
  };
  return {
    ask() {
      if (frame !== null) return;
      frame = frames.ask(due);
      // Also where it is hidden only after this.
      timer = setTimeout(due, HIDDEN_MS);
    },
    drop,
  };
}
