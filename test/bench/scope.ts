// What a bench opens is closed when the bench ends, whatever happens, the last first.
export interface Scope {
  teardown(work: () => Promise<void> | void): void;
}

export async function inScope<T>(work: (scope: Scope) => Promise<T>): Promise<T> {
  const cleanup: (() => Promise<void> | void)[] = [];
  try {
    return await work({ teardown: (one) => void cleanup.push(one) });
  } finally {
    for (const one of cleanup.reverse()) await one();
  }
}
