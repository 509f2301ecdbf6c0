// Many calls, few acts.

export interface Throttle {
  call(): void;
  cancel(): void;
}

/** Acts at the first call, and then at most once every `ms`, the last time after the last call. */
export function throttle(act: () => void, ms: number): Throttle {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWanted = false;
  const run = () => {
    isWanted = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (isWanted) run();
    }, ms);
    act();
  };
  return {
    call() {
      if (timer === undefined) run();
      else isWanted = true;
    },
    cancel() {
      clearTimeout(timer);
      timer = undefined;
      isWanted = false;
    },
  };
}
