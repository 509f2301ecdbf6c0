// Something done again and again: never twice at once, and never given up for one failure.

export interface RepeatOptions {
  everyMs: number;
  onError(error: unknown): void;
}

/** Answers a function that stops it; a round under way is finished. */
export function repeat(task: () => Promise<void>, { everyMs, onError }: RepeatOptions): () => void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    task()
      .catch(onError)
      .finally(() => {
        busy = false;
      });
  }, everyMs);
  return () => clearInterval(timer);
}
