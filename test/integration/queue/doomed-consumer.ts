// A process of its own for tests. `hold`: takes jobs and never ends them, until it is killed.
// `leave`: enqueues a job and handles it; told by a line on stdin, closes everything, and must then end by itself.
import { once } from 'node:events';
import { createRunQueue, consumeRuns } from '../../../src/queue/bullmq-queue.js';
import type { StoreConnection } from '../../../src/queue/queue.js';

const [mode, kind, url, lockDurationMs] = process.argv.slice(2);
const connection = { kind, url } as StoreConnection;

function consume(handler: (runId: string) => Promise<void>) {
  return consumeRuns(connection, {
    concurrency: 2,
    lockDurationMs: Number(lockDurationMs),
    handler: ({ runId }) => handler(runId),
    onError: (error) => console.error(error),
  });
}

if (mode === 'hold') {
  consume((runId) => {
    console.log(`took ${runId}`);
    return new Promise(() => {});
  });
} else {
  const queue = createRunQueue(connection);
  await queue.enqueue({ runId: 'last', attempt: 1 });
  const consumer = consume(async (runId) => console.log(`took ${runId}`));
  await once(process.stdin, 'data');
  process.stdin.destroy();
  await Promise.all([consumer.close(), queue.close()]);
  console.log('closed');
}
