// Thousands of queued runs: how fast they are submitted over HTTP, how fast they are listed, and how fast the scheduler
// finds what is next for devices that become free.
import type { Run } from '../../src/schemas/run.js';
import { call } from '../helpers/client.js';
import { rowsTable, wholeNumber, type Bench } from './bench.js';
import { quantile, row, type Bar, type BenchRow } from './measure.js';
import { measureDispatch, type Dispatched } from './queue-dispatch.js';
import { measureLists, RARE } from './queue-lists.js';
import { multiplyRuns, shareOut } from './queue-teams.js';
import { inScope, type Scope } from './scope.js';
import { BACKEND_OPTION, backendsOf, startStack, type Stack } from './stack.js';

const SUBMITTERS = 8;
const CLAIMS = 200;
const LIST_REQUESTS = 40;
const RARE_EVERY = 500;
/** So many are submitted over HTTP for each that waits; the others are copies. */
const COPIES = 5;
const TEAMS = 50;
const USERS_PER_TEAM = 4;
const DECISION_BAR: Bar = { atMost: 10 };
const LIST_BAR: Bar = { atMost: 50 };

/** Of all kinds: small and large, on one GPU or two, some by themselves; what was left out is estimated. */
function resources(index: number) {
  const memoryMiB = [undefined, 4_096, 10_240, 24_576, 61_440][index % 5];
  return { device: 'gpu', gpus: index % 10 === 3 ? 2 : 1, exclusive: index % 25 === 7, ...(memoryMiB === undefined ? {} : { memoryMiB }) };
}

function submission(index: number) {
  const isRare = index % RARE_EVERY === 0;
  return { recipe: 'mnist-relu', name: `run ${index}${isRare ? ` ${RARE}` : ''}`, tags: ['bench', ...(isRare ? [RARE] : [])], priority: index % 3, fit: { seed: index }, resources: resources(index) };
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

function dispatchRows({ rounds, taken, decided, heldUp }: Dispatched): BenchRow[] {
  const decisions = rounds.map(({ decideMs }) => decideMs);
  // Most of the others look whether anything has changed.
  const placing = rounds.filter(({ started }) => started > 0);
  const part = (what: string, of: (round: Dispatched['rounds'][number]) => number, at: number) => share(what, placing.map(of), at);
  return [
    share('a decision', decisions, 0.5), share('a decision', decisions, 0.95, DECISION_BAR),
    part('a round that places runs', ({ wholeMs }) => wholeMs, 0.5), part('a round that places runs', ({ wholeMs }) => wholeMs, 0.95),
    part('of it, reading', ({ readMs }) => readMs, 0.5), part('of it, reading', ({ readMs }) => readMs, 0.95),
    part('of it, writing', ({ writeMs }) => writeMs, 0.5), part('of it, writing', ({ writeMs }) => writeMs, 0.95),
    part('of it, handing over', ({ handMs }) => handMs, 0.5), part('of it, handing over', ({ handMs }) => handMs, 0.95),
    share('devices free to job taken', taken, 0.95), share('devices free to claim decided', decided, 0.5), share('devices free to claim decided', decided, 0.95),
    { what: 'event loop held up: p99', median: heldUp.p99, min: heldUp.p99, max: heldUp.max, unit: 'ms' },
  ];
}

async function benchQueue(scope: Scope, stack: Stack, count: number): Promise<BenchRow[]> {
  const { address } = stack.api;
  const copies = count % COPIES === 0 ? COPIES : 1;
  const { times, perSecond } = await submitAll(address, count / copies);
  await multiplyRuns(stack.stores, copies);
  const { waiting } = await stack.stores.queue.counts();
  if (waiting !== count) throw new Error(`${count} runs were submitted, and ${waiting} wait`);
  const lists = await measureLists(address, { total: count, requests: LIST_REQUESTS });
  await shareOut(stack.stores, { teams: TEAMS, usersPerTeam: USERS_PER_TEAM });
  const dispatched = await measureDispatch(scope, stack, CLAIMS);
  return [
    row('submissions over HTTP', [perSecond], 'per second'),
    share('a submission', times, 0.5), share('a submission', times, 0.95),
    ...dispatchRows(dispatched),
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
      const rows = await inScope(async (scope) => benchQueue(scope, await startStack(scope, backend), count));
      results.push(rows.map((one) => ({ ...one, what: `${backend}: ${one.what}` })));
    }
    return { rows: results.flat(), tables: results.map(rowsTable) };
  },
};
