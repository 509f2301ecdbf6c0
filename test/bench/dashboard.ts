// The dashboard in a real browser: how soon a hundred long runs can be compared, whether twenty live ones are drawn
// evenly, and whether a page that is left open holds on to more and more.
import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserContext } from 'playwright-core';
import { startBrowser } from '../helpers/browser.js';
import { chromium, signIn, visit } from '../helpers/dashboard.js';
import { formatNumber, rowsTable, UsageError, wholeNumber, type Bench, type BenchTable } from './bench.js';
import { block } from './blocks.js';
import { framesOf, holdings, openFor, type Held } from './dashboard-window.js';
import { startHelper } from './helper.js';
import type { WriteAnswer, WriteQuestion } from './live-worker.js';
import { median, row, type BenchRow } from './measure.js';
import { inScope, type Scope } from './scope.js';
import { endRun, startRun, startStack, type Stack } from './stack.js';

const LONG_RUNS = 100;
const LONG_POINTS = 10_000;
const LONG_BLOCK = 2_500;
const INTERACTIVE_BAR_MS = 1_000;

const LIVE_RUNS = 20;
/** Each event a step: a model whose batches take a fiftieth of a second. */
const LIVE_EVERY_MS = 20;
const FRAMES_BAR = 50;
const LEAD_SECONDS = 3;

const SAMPLE_EVERY_MS = 10_000;
/** Share of the time after which memory counts: until then curves grow to what a page keeps of them. */
const WARM_UP = 1 / 5;
/** The first and the last so many of the rest are compared. */
const WINDOW = 1 / 4;
const GROWTH_BAR = 5;

async function writeLongRuns(stack: Stack): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < LONG_RUNS; index += 1) {
    const { id } = await startRun(stack, `long ${index}`);
    for (let step = 1; step <= LONG_POINTS; step += LONG_BLOCK) await stack.stores.events.append({ runId: id, attempt: 1 }, [block(step, { steps: LONG_BLOCK, series: ['loss'] })]);
    await endRun(stack, id);
    ids.push(id);
  }
  return ids;
}

async function benchLong(stack: Stack, context: BrowserContext, rounds: number): Promise<BenchRow[]> {
  const ids = await writeLongRuns(stack);
  const compare = { path: `/compare?metric=batch%2Floss&runs=${ids.join(',')}`, isDone: `document.querySelector('.compare-curves')?.dataset.pending === '0' && document.querySelector('.overlay')?.dataset.traces === '${LONG_RUNS}' && document.querySelector('.overlay').dataset.drawn !== undefined`, element: '.overlay', key: 'ArrowLeft' };
  const single = { path: `/runs/${ids[0]}`, isDone: `Number(document.querySelector('[data-chart="loss"] [data-points]')?.dataset.points) >= ${LONG_POINTS}`, element: '[data-chart="loss"] .chart-plot', key: 'ArrowLeft' };
  const rows: BenchRow[] = [];
  for (const [what, { path, ...page }] of Object.entries({ [`${LONG_RUNS} runs of ${formatNumber(LONG_POINTS)} points side by side`]: compare, 'one of them': single })) {
    const results = [];
    // The first is not counted: programs and caches are warm then.
    for (let round = 0; round <= rounds; round += 1) results.push(await openFor(context, `${stack.api.address}${path}`, page));
    const counted = results.slice(1);
    rows.push(row(`${what}: all drawn`, counted.map(({ shown }) => shown), 'ms'), row(`${what}: interactive`, counted.map(({ answered }) => answered), 'ms', page.element === '.overlay' ? { atMost: INTERACTIVE_BAR_MS } : undefined));
  }
  return rows;
}

interface LiveScene {
  paths: Readonly<Record<string, string>>;
  /** Writes for so many seconds into all of them. */
  write(seconds: number): Promise<unknown>;
}

async function startLive(scope: Scope, stack: Stack): Promise<LiveScene> {
  const runs: { id: string; head: number }[] = [];
  for (let index = 0; index < LIVE_RUNS; index += 1) runs.push(await startRun(stack, `live ${index}`));
  const worker = startHelper<WriteQuestion, WriteAnswer>(scope, './live-worker.js');
  const write = async (seconds: number) => {
    const heads = await worker.ask({ address: stack.address, runs, seconds, everyMs: LIVE_EVERY_MS, steps: 1 });
    for (const run of runs) run.head = heads.get(run.id) ?? run.head;
  };
  const ids = runs.map(({ id }) => id);
  return { paths: { compare: `/compare?metric=batch%2Floss&runs=${ids.join(',')}`, 'list of runs': '/runs', overview: '/', 'one run': `/runs/${ids[0]}` }, write };
}

async function benchFrames({ paths, write }: LiveScene, { stack, context, rounds, seconds }: { stack: Stack; context: BrowserContext; rounds: number; seconds: number }): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [what, path] of Object.entries(paths)) {
    const page = await context.newPage();
    await page.goto(`${stack.api.address}${path}`);
    const results = [];
    for (let round = 0; round < rounds; round += 1) {
      const written = write(LEAD_SECONDS + seconds);
      await delay(LEAD_SECONDS * 1000);
      results.push(await framesOf(page, seconds));
      await written;
    }
    await page.close();
    rows.push(
      row(`${LIVE_RUNS} live runs, ${what}: frames`, results.map(({ rate }) => rate), 'per second', { atLeast: FRAMES_BAR }),
      row(`${LIVE_RUNS} live runs, ${what}: between frames, p95`, results.map(({ p95 }) => p95), 'ms'),
      row(`${LIVE_RUNS} live runs, ${what}: between frames, longest`, results.map(({ longest }) => longest), 'ms'),
    );
  }
  return rows;
}

const HELD: Readonly<Record<keyof Held, string>> = { heapMB: 'objects of scripts, MB', elements: 'nodes of the page', listeners: 'listeners', processMB: "the page's process, MB" };
/** What must not grow; the process keeps what it once had, and is told. */
const BARRED: readonly (keyof Held)[] = ['heapMB', 'elements', 'listeners'];

async function benchMemory({ paths, write }: LiveScene, { scope, stack, context, minutes }: { scope: Scope; stack: Stack; context: BrowserContext; minutes: number }): Promise<{ rows: object[]; table: BenchTable }> {
  const page = await context.newPage();
  await page.goto(`${stack.api.address}${paths.compare}`);
  const read = await holdings(scope, page);
  const samples: Held[] = [];
  const seconds = minutes * 60;
  const written = write(seconds);
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1000) {
    samples.push(await read());
    await delay(SAMPLE_EVERY_MS);
  }
  await written;
  await page.close();
  const counted = samples.slice(Math.floor(samples.length * WARM_UP));
  const width = Math.max(1, Math.floor(counted.length * WINDOW));
  const rows = (Object.keys(HELD) as (keyof Held)[]).map((what) => {
    const values = counted.map((sample) => sample[what]);
    const [early, late] = [median(values.slice(0, width)), median(values.slice(-width))];
    const growth = 100 * (late / early - 1);
    const bar = BARRED.includes(what) ? { atMost: GROWTH_BAR } : undefined;
    return { what: `${LIVE_RUNS} live runs, ${minutes} minutes: ${HELD[what]}`, early, late, growth, highest: Math.max(...values), ...(bar === undefined ? {} : { bar }), samples: samples.map((sample) => sample[what]) };
  });
  const table = Object.fromEntries(rows.map(({ what, early, late, growth, highest, bar }) => [what, { early: formatNumber(early), late: formatNumber(late), highest: formatNumber(highest), growth: `${growth.toFixed(1)} %`, bar: bar === undefined ? '' : `<= ${bar.atMost} %: ${growth <= bar.atMost ? 'ok' : 'FALLS SHORT'}` }]));
  return { rows, table };
}

export const dashboardBench: Bench = {
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '10' }, minutes: { type: 'string', default: '10' } },
  async run(values) {
    const [rounds, seconds, minutes] = [wholeNumber(values, 'rounds', 100), wholeNumber(values, 'seconds', 600), wholeNumber(values, 'minutes', 600)];
    if (chromium === null) throw new UsageError('there is no Chromium on this machine; CHROMIUM_PATH may name one');
    const path = chromium;
    return inScope(async (scope) => {
      const stack = await startStack(scope, 'postgres');
      const browser = await startBrowser(scope as { teardown(work: () => Promise<void>): void }, path);
      const { page } = await visit(browser);
      await signIn(page, stack.api.address);
      const context = page.context();
      await page.close();
      const rows = await benchLong(stack, context, rounds);
      const live = await startLive(scope, stack);
      rows.push(...(await benchFrames(live, { stack, context, rounds, seconds })));
      const memory = await benchMemory(live, { scope, stack, context, minutes });
      return { rows: [...rows, ...memory.rows], tables: [rowsTable(rows), memory.table] };
    });
  },
};
