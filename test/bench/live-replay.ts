// A client that comes late to a long run: from its wish for all events to the last of them.
import { block } from './blocks.js';
import type { Cast } from './live-scene.js';
import { startRun, type Stack } from './stack.js';

export const REPLAY_POINTS = 100_000;
const SERIES = ['loss', 'accuracy', 'learning_rate', 'gradient_norm'];
const APPENDED_AT_ONCE = 250;

export interface LongRun {
  id: string;
  head: number;
}

/** A run with `REPLAY_POINTS` in events of so many steps. */
export async function writeLongRun(stack: Stack, steps: number): Promise<LongRun> {
  const run = await startRun(stack, `long, ${steps} steps in an event`);
  const eventCount = REPLAY_POINTS / (steps * SERIES.length);
  let { head } = run;
  for (let event = 0; event < eventCount; event += APPENDED_AT_ONCE) {
    const count = Math.min(APPENDED_AT_ONCE, eventCount - event);
    const blocks = Array.from({ length: count }, (_, index) => block((event + index) * steps + 1, { steps, series: SERIES }));
    head = (await stack.stores.events.append({ runId: run.id, attempt: 1 }, blocks)).at(-1)?.seq ?? head;
  }
  return { id: run.id, head };
}

/** Seconds, and what was lost or came twice. */
export async function replay({ stack, clients }: Cast, { id, head }: LongRun): Promise<{ seconds: number; lost: number; doubled: number }> {
  const answer = await clients.ask({ type: 'replay', address: stack.api.address, runId: id, head });
  if (answer?.points !== REPLAY_POINTS) throw new Error(`${answer?.points} of ${REPLAY_POINTS} points came`);
  return answer;
}
