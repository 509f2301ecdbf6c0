// Many runs on the web page: a table of ten thousand that stays smooth, bulk actions, runs side by side, data sets.
import t from 'tap';
import type { Page } from 'playwright-core';
import type { Run } from '../../src/schemas/run.js';
import { startBrowser } from '../helpers/browser.js';
import { call, ended } from '../helpers/client.js';
import { addressSays, chromium, picture, pictures, signIn, skipWithoutBrowser, visit } from '../helpers/dashboard.js';
import { until } from '../helpers/poll.js';
import { startService } from '../helpers/service.js';

const SPEC = {
  dataset: { name: 'mnist', take: 400 },
  model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }] },
  optimizer: { type: 'sgd', learningRate: 0.05 },
  loss: 'categoricalCrossentropy',
  fit: { batchSize: 50, epochs: 4 },
};
async function send(address: string, { name, learningRate, seed, tags = [] }: { name: string; learningRate: number; seed: number; tags?: string[] }): Promise<Run> {
  const { status, body } = await call<Run>(address, '/v1/runs', { json: { ...SPEC, name, tags, optimizer: { type: 'sgd', learningRate }, fit: { ...SPEC.fit, seed } } });
  if (status !== 202) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}

t.test('many runs are found, marked, changed and compared on the page', { skip: skipWithoutBrowser }, async (t) => {
  const [{ address }, browser] = await Promise.all([startService(t), startBrowser(t, String(chromium))]);
  const { page, faults } = await visit(browser);
  const sent: Run[] = [];
  for (const seed of [1, 2, 3]) {
    sent.push(await send(address, { name: 'slow', learningRate: 0.01, seed, tags: ['seeds'] }));
    sent.push(await send(address, { name: 'quick', learningRate: 0.2, seed }));
  }
  // One after the other: that they have ended is asked for one of them at a time.
  for (const { id } of sent) await ended(address, id);
  const grid = page.getByRole('grid', { name: 'Runs' });

  await t.test('the table has curves, columns of choice and filters, all in its address', async (t) => {
    await signIn(page, address, { path: '/runs?columns=spec.optimizer.learningRate,spec.fit.seed,metrics.val_loss&order=metrics.val_loss' });
    await until(async () => (await grid.locator('.spark svg').count()) === 6, { what: 'a curve in each row' });
    t.match(await grid.getByRole('row').nth(1).innerText(), /quick/, 'ordered by a metric of choice');
    await pictures(page, 'runs-columns');
    await page.getByRole('button', { name: 'Columns' }).click();
    await picture(page, 'runs-picker');
    await page.getByRole('checkbox', { name: 'fit.batchSize' }).check();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('columnheader', { name: 'batchSize' }).waitFor();
    await addressSays(page, /columns=[^&]*spec\.fit\.batchSize/);
    await page.goto(`${address}/runs?tag=seeds`);
    await until(async () => (await grid.getByRole('row').count()) === 4, { what: 'the tag to narrow the list' });
    await page.getByRole('button', { name: 'Show all' }).click();
    await until(async () => (await grid.getByRole('row').count()) === 7, { what: 'all of them again' });
  });

  await t.test('runs are marked by box, Shift and keyboard; what is done concerns those that allow it', async (t) => {
    const boxes = grid.getByRole('checkbox', { name: /^Mark (slow|quick)/ });
    await boxes.nth(0).click();
    await boxes.nth(2).click({ modifiers: ['Shift'] });
    const bar = page.getByRole('toolbar');
    await bar.getByText('3 marked').waitFor();
    t.equal(await bar.getByRole('button', { name: /^Cancel/ }).count(), 0, 'what has ended cannot be cancelled');
    await picture(page, 'runs-marked');
    await bar.getByRole('button', { name: 'Tag' }).click();
    await page.getByRole('textbox', { name: 'Add' }).fill('grid-1');
    await page.keyboard.press('Enter');
    await page.getByText('3 runs tagged.').waitFor();
    await bar.getByRole('button', { name: 'Mark none' }).click();
    await grid.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+ArrowDown');
    await bar.getByText('2 marked').waitFor();
    await page.keyboard.press('Control+a');
    await bar.getByText('6 marked').waitFor();
    await bar.getByRole('link', { name: 'Compare' }).click();
    await page.waitForURL(/\/compare\?runs=/);
    t.pass('and compared');
  });

  await t.test('curves side by side, with bands over seeds', async (t) => {
    const chart = page.locator('.overlay');
    await until(async () => Number(await chart.getAttribute('data-points')) === 6 * 4, { what: 'six curves of four epochs' });
    await page.getByRole('button', { name: 'Mean over seeds' }).click();
    await page.getByText('mean of 3 seeds').first().waitFor();
    await page.locator('.legend-line').first().hover();
    await pictures(page, 'compare');
    const line = page.locator('.legend-line').last();
    await line.click();
    await until(async () => (await chart.getAttribute('data-traces')) === '5', { what: 'a curve to be hidden' });
    await addressSays(page, /hidden=.*seeds=yes|seeds=yes.*hidden=/);
    await chart.focus();
    await page.keyboard.press('ArrowUp');
    t.match(await chart.getAttribute('aria-valuetext'), /(slow|quick).* \d/, 'a curve is read out by the keyboard');
    const rows = page.getByRole('region', { name: 'Differences of the specs' }).getByRole('rowheader');
    t.same(await rows.allInnerTexts(), ['optimizer.learningRate', 'fit.seed'], 'only that is told in which they differ');
    await page.getByRole('slider', { name: 'learningRate, to' }).focus();
    for (let press = 0; press < 3; press += 1) await page.keyboard.press('Shift+ArrowDown');
    await page.getByText('3 of 6 runs').waitFor();
    await addressSays(page, /brush=/);
    await page.reload();
    await until(async () => (await chart.getAttribute('data-traces')) !== null, { what: 'the page again' });
    await page.getByText('3 of 6 runs').waitFor();
    await until(async () => (await chart.getAttribute('data-traces')) === '2', { what: 'what lies outside of a span, or is hidden, to have no curve' });
  });

  await t.test('data sets, and the runs on one', async (t) => {
    await page.getByRole('link', { name: 'Data sets' }).click();
    await page.getByRole('heading', { level: 2 }).first().waitFor();
    await pictures(page, 'datasets');
    await page.getByRole('heading', { level: 2 }).getByRole('link').first().click();
    await page.getByRole('link', { name: 'All 6 in the list of runs' }).waitFor();
    await until(() => page.getByRole('img', { name: 'Examples 0 to 99 of 60,000' }).evaluate((image) => (image as HTMLImageElement).naturalWidth === 280), { what: 'the first hundred digits' });
    await pictures(page, 'dataset');
    t.match(await page.locator('.dataset').innerText(), /60,000 to train on, 10,000 to test on/);
  });

  await t.test('what fails for some is said of each, and ten thousand rows scroll', async (t) => {
    await tenThousand(page, sent[0]!);
    await page.goto(`${address}/runs`);
    await page.getByText(/^10,000$/).waitFor({ timeout: 30_000 });
    const { work, median } = await scrolled(page);
    t.ok(work < 33, `a frame of scrolling is ${work.toFixed(1)} ms of work; on this machine, as busy as it is, one comes each ${median.toFixed(1)} ms`);
    await picture(page, 'runs-many');
    await page.route('**/v1/runs/*', (route) => (route.request().method() === 'DELETE' ? route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify({ code: 'conflict', title: 'Conflict', detail: 'It was taken up again.' }) }) : route.fallback()));
    const boxes = grid.getByRole('checkbox', { name: /^Mark run/ });
    await boxes.nth(0).click();
    await boxes.nth(1).click();
    await page.getByRole('button', { name: 'Delete 2 runs' }).click();
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('2 runs were left as they were').waitFor();
    t.equal(await page.getByText('It was taken up again.').count(), 2, 'with the reason of each');
    await page.getByRole('button', { name: 'Close' }).click();
  });
  t.same(faults.filter((fault) => !/409/.test(fault)), [], 'the browser found no fault in the page');
});

/** Has the list of runs answer with ten thousand, page by page as the service does. */
async function tenThousand(page: Page, like: Run): Promise<void> {
  const run = (at: number): Run => ({ ...like, id: `01890a5d-ac96-774b-bcce-${String(99_999 - at).padStart(12, '0')}`, name: `run ${at}`, state: at % 7 === 0 ? 'failed' : 'succeeded', progress: { ...like.progress, step: like.progress.totalSteps }, metrics: { val_accuracy: (at % 997) / 997 } });
  await page.route(/\/v1\/runs\?/, async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const from = Number(query.get('cursor') ?? 0);
    const items = query.has('state') ? [] : Array.from({ length: 200 }, (_, at) => run(from + at));
    await route.fulfill({ json: { items, nextCursor: from + 200 < 10_000 ? String(from + 200) : null } });
  });
  await page.route(/\/v1\/runs\/[\w-]+\/metrics/, (route) => route.fulfill({ json: { series: [{ key: 'epoch/val_loss', count: 20, last: 1, points: { steps: Array.from({ length: 20 }, (_, at) => at + 1), values: Array.from({ length: 20 }, (_, at) => 1 / (at + 1)) } }] } }));
}

const FRAMES = 120;

/**
 * Scrolls through the table, three rows a frame. `work` is what the page's thread computed for a frame, in ms of its own
 * time, which does not grow when others use the machine.
 */
async function scrolled(page: Page): Promise<{ work: number; median: number }> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const spent = async () => (await devtools.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN;
  const before = await spent();
  const times = (await page.evaluate(`new Promise((done) => {
    const table = document.querySelector('.virtual');
    const times = [];
    let last = performance.now();
    const step = (now) => {
      times.push(now - last);
      last = now;
      table.scrollTop += 156;
      if (times.length < ${FRAMES}) requestAnimationFrame(step); else done(times.slice(5).sort((a, b) => a - b));
    };
    requestAnimationFrame(step);
  })`)) as number[];
  return { work: ((await spent()) - before) * 1000 / FRAMES, median: times[Math.floor(times.length / 2)]! };
}
