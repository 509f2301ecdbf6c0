// Something done again and again: never twice at once, and never given up for one failure.

export interface RepeatOptions {
  everyMs: number;
  /** Also now, and not only after the first interval. */
  atOnce?: boolean;
  onError(error: unknown): void;
}

/** Answers a function that stops it; a round under way is finished. */
export function repeat(task: () => Promise<void>, { everyMs, atOnce = false, onError }: RepeatOptions): () => void {
  let busy = false;
  const round = () => {
    if (busy) return;
    busy = true;
    task()
      .catch(onError)
      .finally(() => {
        busy = false;
      });
  };
  if (atOnce) round();
  const timer = setInterval(round, everyMs);
  return () => clearInterval(timer);
}
