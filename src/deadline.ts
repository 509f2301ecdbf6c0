// A promise with an end: what a store that does not answer costs at most.

/**
 * Settles like `promise`, or rejects after `ms`. The work itself goes on; its later rejection is swallowed.
 * @param ms milliseconds, more than 0
 */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
