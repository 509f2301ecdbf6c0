// Thousands of queued runs: how fast they are submitted over HTTP, how fast a free slot gets its next one, how fast
// they are listed, and what it takes to compare the queue with the database.
import type { Run } from '../../src/schemas/run.js';
import { call } from '../helpers/client.js';
import { rowsTable, wholeNumber, type Bench } from './bench.js';
import { quantile, row, type Bar, type BenchRow } from './measure.js';
import { measureClaims } from './queue-claims.js';
import { measureLists, RARE } from './queue-lists.js';
import { inScope } from './scope.js';
import { BACKEND_OPTION, backendsOf, startStack, type Stack } from './stack.js';

const SUBMITTERS = 8;
const CLAIMS = 200;
const LIST_REQUESTS = 40;
const RARE_EVERY = 500;
const CLAIM_BAR: Bar = { atMost: 10 };
const LIST_BAR: Bar = { atMost: 50 };

/** Distributed over priorities, as several teams would submit them. */
function submission(index: number) {
  const isRare = index % RARE_EVERY === 0;
  return { recipe: 'mnist-relu', name: `run ${index}${isRare ? ` ${RARE}` : ''}`, tags: ['bench', ...(isRare ? [RARE] : [])], priority: index % 3, fit: { seed: index } };
}

/** Times of single submissions in ms, and how many there were in a second. */
async function submitAll(address: string, count: number) {
  const times: number[] = [];
  let next = 0;
  const begun = performance.now();
  const submitter = async () => {
    while (next < count) {
      const json = submission(next++);
      const asked = performance.now();
      const { status } = await call<Run>(address, '/v1/runs', { json });
      if (status !== 202) throw new Error(`a submission was answered with ${status}`);
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: SUBMITTERS }, submitter));
  return { times, perSecond: count / ((performance.now() - begun) / 1000) };
}

const share = (what: string, times: readonly number[], at: number, bar?: Bar): BenchRow => ({
  what: `${what}: p${at * 100}`, median: quantile(times, at), min: Math.min(...times), max: Math.max(...times), unit: 'ms', ...(bar === undefined ? {} : { bar }),
});

async function benchQueue(stack: Stack, count: number): Promise<BenchRow[]> {
  const { address } = stack.api;
  const { times, perSecond } = await submitAll(address, count);
  const { waiting } = await stack.stores.queue.counts();
  if (waiting !== count) throw new Error(`${count} runs were submitted, and ${waiting} wait`);
  const lists = await measureLists(address, { total: count, requests: LIST_REQUESTS });
  const { taken, decided } = await measureClaims(stack, CLAIMS);
  return [
    row('submissions over HTTP', [perSecond], 'per second'),
    share('a submission', times, 0.5), share('a submission', times, 0.95),
    share('slot free to job taken', taken, 0.95), share('slot free to claim decided', decided, 0.5), share('slot free to claim decided', decided, 0.95, CLAIM_BAR),
    ...lists.map(({ what, times }) => share(`list, ${what}`, times, 0.95, LIST_BAR)),
  ];
}

export const queueBench: Bench = {
  options: { runs: { type: 'string', default: '10000' }, ...BACKEND_OPTION },
  async run(values) {
    const count = wholeNumber(values, 'runs', 100_000);
    const results: BenchRow[][] = [];
    for (const backend of backendsOf(values)) {
      console.log(`${count} runs queued on ${backend} …`);
      const rows = await inScope(async (scope) => benchQueue(await startStack(scope, backend), count));
      results.push(rows.map((one) => ({ ...one, what: `${backend}: ${one.what}` })));
    }
    return { rows: results.flat(), tables: results.map(rowsTable) };
  },
};
