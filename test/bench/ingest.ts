// Metric points through the real event log: how many a second are kept, by several runs at once and for a while, and
// how fast a curve of a million points is read over HTTP as a thousand buckets.
import type { MetricSeriesList } from '../../src/schemas/metric.js';
import { call } from '../helpers/client.js';
import { rowsTable, wholeNumber, type Bench } from './bench.js';
import { block, pointsIn } from './blocks.js';
import { quantile, row, type BenchRow } from './measure.js';
import { inScope } from './scope.js';
import { startRun, startStack, type Stack } from './stack.js';

const RUNS = 8;
const SERIES = ['loss', 'accuracy', 'learning_rate', 'gradient_norm'];
/** What each of them reports ten times a second at 50,000 points a second. */
const STEPS = 160;
const POINTS_BAR = 50_000;
const WINDOW_MS = 5_000;

const CURVE_POINTS = 1_000_000;
const CURVE_STEPS = 5_000;
const BUCKETS = 1_000;
const READS = 30;
const READ_BAR_MS = 100;

/** Each run appends its next block when the last one is kept. */
async function benchAppends(stack: Stack, seconds: number): Promise<BenchRow[]> {
  const { events, metrics } = stack.stores;
  const runs = [];
  for (let index = 0; index < RUNS; index += 1) runs.push(await startRun(stack, `run ${index}`));
  const windows = new Array<number>(Math.ceil((seconds * 1000) / WINDOW_MS)).fill(0);
  const times: number[] = [];
  const begun = performance.now();
  const elapsed = () => performance.now() - begun;
  let kept = 0;
  await Promise.all(
    runs.map(async ({ id }) => {
      for (let step = 1; elapsed() < seconds * 1000; step += STEPS) {
        const points = block(step, { steps: STEPS, series: SERIES });
        const asked = performance.now();
        await events.append({ runId: id, attempt: 1 }, [points]);
        times.push(performance.now() - asked);
        kept += pointsIn(points);
        const window = Math.floor(elapsed() / WINDOW_MS);
        if (window < windows.length) windows[window]! += pointsIn(points);
      }
    }),
  );
  const found = (await Promise.all(runs.map(({ id }) => metrics.listSeries(id)))).flat().reduce((sum, { count }) => sum + count, 0);
  const windowSeconds = (index: number) => Math.min(WINDOW_MS, seconds * 1000 - index * WINDOW_MS) / 1000;
  return [
    row(`points kept, ${RUNS} runs, ${seconds} s`, windows.map((points, index) => points / windowSeconds(index)), 'per second', { atLeast: POINTS_BAR }),
    row('points kept that are not there', [kept - found], 'points', { atMost: 0 }),
    row('an append of 640 points', times, 'ms'),
    { what: 'an append of 640 points, p95', median: quantile(times, 0.95), min: Math.min(...times), max: Math.max(...times), unit: 'ms' },
  ];
}

/** A curve with one spike that must be seen. */
async function writeCurve(stack: Stack): Promise<string> {
  const { id } = await startRun(stack, 'long');
  for (let step = 1; step <= CURVE_POINTS; step += CURVE_STEPS) {
    const points = block(step, { steps: CURVE_STEPS, series: ['loss'] });
    if (step === 1) points.data.series.loss![CURVE_STEPS / 2] = 1e6;
    await stack.stores.events.append({ runId: id, attempt: 1 }, [points]);
  }
  return id;
}

async function benchReads(stack: Stack): Promise<BenchRow[]> {
  const id = await writeCurve(stack);
  const third = Math.floor(CURVE_POINTS / 3);
  const reads = { [`${BUCKETS} buckets of ${CURVE_POINTS.toLocaleString('en')} points`]: '', [`${BUCKETS} buckets of the middle third`]: `&fromStep=${third}&toStep=${2 * third}` };
  const rows: BenchRow[] = [];
  for (const [what, range] of Object.entries(reads)) {
    const times: number[] = [];
    for (let read = 0; read < READS; read += 1) {
      const asked = performance.now();
      const { body } = await call<MetricSeriesList>(stack.api.address, `/v1/runs/${id}/metrics?key=batch/loss&maxPoints=${BUCKETS}${range}`);
      times.push(performance.now() - asked);
      const { count, buckets } = body.series[0] ?? {};
      const isRight = count === CURVE_POINTS && buckets?.from.length === BUCKETS && (range !== '' || buckets.max.includes(1e6));
      if (!isRight) throw new Error(`a wrong answer: ${JSON.stringify(body).slice(0, 500)}`);
    }
    rows.push(row(what, times, 'ms', { atMost: READ_BAR_MS }));
  }
  return rows;
}

export const ingestBench: Bench = {
  options: { seconds: { type: 'string', default: '60' } },
  async run(values) {
    const seconds = wholeNumber(values, 'seconds', 3600);
    const rows = await inScope(async (scope) => {
      const stack = await startStack(scope, 'postgres');
      return [...(await benchAppends(stack, seconds)), ...(await benchReads(stack))];
    });
    return { rows, tables: [rowsTable(rows)] };
  },
};
