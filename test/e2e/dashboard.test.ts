// The web page as people use it: a real browser on the real service. A recipe is trained with a click, its
// curve grows, the connection is cut on the way, and in the end the page shows every point that the API has.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Page, WebSocketRoute } from 'playwright-core';
import { packageRoot } from '../../src/paths.js';
import type { MetricSeriesList } from '../../src/schemas/metric.js';
import { findBrowser, startBrowser } from '../helpers/browser.js';
import { call, ended } from '../helpers/client.js';
import { TEST_KEY } from '../helpers/key.js';
import { until } from '../helpers/poll.js';
import { startService } from '../helpers/service.js';

const SHOTS = join(packageRoot, 'test-output');
const chromium = findBrowser();
const skip = chromium === null ? 'no Chromium on this machine; CHROMIUM_PATH may name one' : false;

t.test('a recipe is trained, watched and asked on the page', { skip }, async (t) => {
  mkdirSync(SHOTS, { recursive: true });
  const [{ address }, browser] = await Promise.all([startService(t), startBrowser(t, String(chromium))]);
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  const line = await tapLine(page);

  const points = async () => Number(await page.locator('#chart-loss canvas').getAttribute('data-points'));
  await page.goto(address);
  await page.getByRole('textbox', { name: 'Key' }).waitFor();
  await page.screenshot({ path: join(SHOTS, 'dashboard-sign-in.png') });
  await page.getByRole('textbox', { name: 'Key' }).fill(TEST_KEY);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Train: The same layers with relu and Adam' }).click();
  await page.waitForURL(/#\/runs\/[\w-]{36}$/);
  const id = page.url().slice(-36);

  const early = await until(points, { what: 'the curve to begin', deadlineMs: 60_000 });
  await until(async () => (await points()) > early, { what: 'the curve to grow', deadlineMs: 30_000 });
  t.equal(await page.locator('#run-state').innerText(), 'Running', 'the page says that it trains');
  await page.screenshot({ path: join(SHOTS, 'dashboard-training.png') });

  const status = page.locator('#link');
  const reconnecting = status.filter({ hasText: 'Reconnecting, nothing is lost' }).waitFor();
  const before = await points();
  await line.cut();
  await reconnecting;
  await status.filter({ hasText: 'Live' }).waitFor();
  t.equal(line.subscriptions.length, 2, 'the page came back once');
  t.ok(Number(line.subscriptions[1]) > Number(line.subscriptions[0]), 'and asked only for what follows the last event that it had');
  await until(async () => (await points()) > before, { what: 'the curve to go on', deadlineMs: 30_000 });

  const run = await ended(address, id);
  t.equal(run.state, 'succeeded', run.message ?? 'the run succeeds');
  await page.locator('#run-state', { hasText: 'Succeeded' }).waitFor();
  const { body } = await call<MetricSeriesList>(address, `/v1/runs/${id}/metrics?key=batch/loss`);
  const stored = body.series[0]?.count;
  t.equal(stored, run.progress.totalSteps, 'the API has every step');
  await until(async () => (await points()) === stored, { what: `the page to plot ${stored} points` });
  t.equal(await page.locator('#hero').innerText(), `${(Number(run.metrics.val_accuracy) * 100).toFixed(2)} %`, 'the large number is the accuracy on the test digits');

  await page.getByRole('link', { name: 'model/weights.bin' }).waitFor();
  await drawOne(page);
  await page.locator('.bars .best').waitFor();
  t.match(await page.locator('.verdict').innerText(), /^It says \d\.$/, 'the model answers to a drawing');
  await page.screenshot({ path: join(SHOTS, 'dashboard-after.png'), fullPage: true });

  await page.reload();
  await until(async () => (await points()) === stored, { what: 'the same curve after a reload, read in buckets' });
  await page.setViewportSize({ width: 380, height: 800 });
  t.equal(await page.evaluate('document.documentElement.scrollWidth'), 380, 'a phone has nothing to scroll sideways');
  t.same(faults, [], 'the browser found no fault in the page');
});

/** Stands in the page's live connection: notes what it subscribes to, and can cut it. */
async function tapLine(page: Page): Promise<{ subscriptions: unknown[]; cut(): Promise<void> }> {
  const subscriptions: unknown[] = [];
  let open: WebSocketRoute | null = null;
  await page.routeWebSocket(/\/v1\/live$/, (socket) => {
    open = socket;
    const service = socket.connectToServer();
    socket.onMessage((message) => {
      const { type, after } = JSON.parse(String(message)) as { type: string; after?: unknown };
      if (type === 'subscribe') subscriptions.push(after);
      service.send(message);
    });
  });
  return { subscriptions, cut: async () => open?.close({ code: 3000, reason: 'cut by the test' }) };
}

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
