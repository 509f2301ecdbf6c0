// The web page as people use it: a real browser on the real service. A recipe is trained with a click, its
// curve grows, the connection is cut on the way, and in the end the page shows every point that the API has.
import t from 'tap';
import type { Page } from 'playwright-core';
import type { MetricSeriesList } from '../../src/schemas/metric.js';
import { startBrowser } from '../helpers/browser.js';
import { call, ended } from '../helpers/client.js';
import { chromium, keyField, picture, pictures, pointsOf, settled, signIn, skipWithoutBrowser, tapLine, visit } from '../helpers/dashboard.js';
import { until } from '../helpers/poll.js';
import { startService } from '../helpers/service.js';

t.test('a recipe is trained, watched and asked on the page', { skip: skipWithoutBrowser }, async (t) => {
  const [{ address }, browser] = await Promise.all([startService(t), startBrowser(t, String(chromium))]);
  const { page, faults } = await visit(browser);
  const line = await tapLine(page);
  const points = () => pointsOf(page, 'loss');

  await page.goto(address);
  await keyField(page).waitFor();
  await pictures(page, 'sign-in');
  await signIn(page, address, { path: '/learn' });
  await page.getByRole('button', { name: 'Train it: The same layers with relu and Adam', exact: true }).click();
  await page.waitForURL(/\/runs\/[\w-]{36}$/);
  const id = page.url().slice(-36);

  const early = await until(points, { what: 'the curve to begin', deadlineMs: 60_000 });
  await until(async () => Number(await points()) > early, { what: 'the curve to grow', deadlineMs: 30_000 });
  t.equal(await page.locator('.run-title [role="status"]').innerText(), 'Running', 'the page says that it trains');
  await picture(page, 'run-training');

  const reconnecting = page.getByText('Reconnecting. Nothing is lost.').waitFor();
  const before = Number(await points());
  await line.cut();
  await reconnecting;
  await page.locator('.link[data-status="live"]').waitFor();
  const said = page.getByText(/^(Nothing is lost: \d+ points? fetched|Connected again\. Nothing is lost)\.$/);
  await said.waitFor();
  await page.setViewportSize({ width: 380, height: 800 });
  await until(async () => {
    const box = await said.boundingBox();
    return box !== null && box.width <= 380 && box.height < 60;
  }, { what: 'all of it to be seen on a phone' });
  await picture(page, 'run-back-narrow');
  await page.setViewportSize({ width: 1440, height: 900 });
  t.equal(line.subscriptions.length, 2, 'the page came back once');
  t.ok(Number(line.subscriptions[1]) > Number(line.subscriptions[0]), 'and asked only for what follows the last event that it had');
  await until(async () => Number(await points()) > before, { what: 'the curve to go on', deadlineMs: 30_000 });

  const run = await ended(address, id);
  t.equal(run.state, 'succeeded', run.message ?? 'the run succeeds');
  await page.locator('.run-title [role="status"]', { hasText: 'Succeeded' }).waitFor();
  const { body } = await call<MetricSeriesList>(address, `/v1/runs/${id}/metrics?key=batch/loss`);
  const stored = body.series[0]?.count;
  t.equal(stored, run.progress.totalSteps, 'the API has every step');
  await until(async () => (await points()) === stored, { what: `the page to plot ${stored} points` });
  t.equal(await page.locator('.run-hero output').innerText(), `${(Number(run.metrics.val_accuracy) * 100).toFixed(2)} %`, 'the large number is the accuracy on the test digits');

  await page.getByRole('link', { name: 'model/weights.bin' }).waitFor();
  await drawOne(page);
  await page.locator('.bars .best').waitFor();
  t.match(await page.locator('.verdict').innerText(), /^It says \d\.$/, 'the model answers to a drawing');
  await pictures(page, 'run');

  await page.reload();
  await until(async () => (await points()) === stored, { what: 'the same curve after a reload, read in buckets' });
  await page.setViewportSize({ width: 380, height: 800 });
  t.equal(await page.evaluate('document.documentElement.scrollWidth'), 380, 'a phone has nothing to scroll sideways');
  await page.setViewportSize({ width: 1440, height: 900 });

  await t.test('a part of the curve is looked at, and a link shows the same', async (t) => {
    // It follows its place a frame later.
    const wide = () => page.evaluate<boolean>(`(([host, over]) => over.offsetWidth > 500 && Math.abs(over.offsetWidth - host.offsetWidth) < 80)(['.chart-plot', '.u-over'].map((part) => document.querySelector('[data-chart="loss"] ' + part)))`);
    await until(wide, { what: 'the chart to be wide again' });
    const marked = () => page.evaluate<number>(`document.querySelector('[data-chart="loss"] .u-select').offsetWidth`);
    await until(async () => {
      const box = await page.locator('[data-chart="loss"] .u-over').boundingBox();
      if (box === null) return false;
      await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
      // The chart follows the pointer with the next frame; it was still changing its size where it does not.
      await settled(page);
      if (Math.abs((await marked()) - box.width / 4) < 2) return true;
      await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
      await page.mouse.up();
      return false;
    }, { what: 'a quarter to be marked' });
    await page.mouse.up();
    await page.waitForURL(/zoom=/);
    const part = Number(await until(async () => Number(await points()) < Number(stored) && points(), { what: 'the part to be drawn' }));
    t.ok(Math.abs(part / Number(stored) - 0.25) < 0.02, `a quarter of the points: ${part}`);
    t.equal(await pointsOf(page, 'metric'), part, 'in every chart');
    const other = await page.context().newPage();
    await other.goto(page.url());
    await until(async () => (await pointsOf(other, 'loss')) === part, { what: 'the same part in another tab' });
    await page.getByRole('button', { name: 'Reset zoom' }).first().click();
    await until(async () => (await points()) === stored, { what: 'all of it again' });
  });

  await t.test('the list has the run, and the way back', async (t) => {
    await page.getByRole('link', { name: 'All runs' }).click();
    await page.getByRole('grid', { name: 'Runs' }).getByRole('link', { name: 'mnist-relu' }).waitFor();
    await pictures(page, 'runs');
    await page.getByRole('grid', { name: 'Runs' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`/runs/${id}$`));
    await page.goBack();
    await page.waitForURL(/\/runs$/);
    t.pass('by the keyboard alone');
  });
  t.same(faults, [], 'the browser found no fault in the page');
});

async function drawOne(page: Page): Promise<void> {
  const pad = page.locator('.pad');
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  if (box === null) throw new Error('the pad is not there');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.15);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.85, { steps: 8 });
  await page.mouse.up();
}
