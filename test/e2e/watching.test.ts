// Two people watch a run in their browsers while the service is killed and started again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import t from 'tap';
import { plain } from '../../src/dashboard/lib/format.js';
import type { MetricSeriesList } from '../../src/schemas/metric.js';
import type { Run } from '../../src/schemas/run.js';
import { startBrowser } from '../helpers/browser.js';
import { call, ended } from '../helpers/client.js';
import { chromium, pointsOf, signIn, skipWithoutBrowser, visit } from '../helpers/dashboard.js';
import { until } from '../helpers/poll.js';
import { startService } from '../helpers/service.js';

/** What the chart of the loss says of its batches under the cross-hair, from its first step to its last by the arrow keys. */
async function readings(page: Page): Promise<Map<number, string>> {
  const chart = page.locator('[data-chart="loss"]');
  const slider = chart.getByRole('slider');
  const end = Number(await slider.getAttribute('aria-valuemax'));
  const found = new Map<number, string>();
  let at = -1;
  for (let key = 'Home'; at < end; key = 'ArrowRight') {
    await slider.press(key);
    const before = at;
    await until(async () => (at = Number(await slider.getAttribute('aria-valuenow'))) > before, { what: `the cross-hair to go on from step ${before}`, everyMs: 5 });
    // The axis begins one step before the first.
    if (at > 0) found.set(at, await chart.locator('[data-line="batch"] b').innerText());
  }
  return found;
}

t.test('who watches a run sees all of it, whatever becomes of the service meanwhile', { skip: skipWithoutBrowser }, async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'trainyard watched '));
  const env = { TRAINYARD_DATA_DIR: dataDir };
  const [service, browser] = await Promise.all([startService(t, env), startBrowser(t, String(chromium))]);
  const { address } = service;
  const { body: { id } } = await call<Run>(address, '/v1/runs', { json: { recipe: 'mnist-relu', fit: { epochs: 3 }, checkpoints: { everySteps: 100 } } });
  const visits = await Promise.all([visit(browser), visit(browser)]);
  for (const { page } of visits) await signIn(page, address, { path: `/runs/${id}` });
  const points = async ({ page }: (typeof visits)[number]) => (await pointsOf(page, 'loss')) ?? 0;
  await until(async () => (await Promise.all(visits.map(points))).every((count) => count > 200), { what: 'both to see it train', deadlineMs: 60_000 });

  service.process.kill('SIGKILL');
  await service.stop();
  for (const { page } of visits) await page.getByText('Reconnecting. Nothing is lost.').waitFor();
  const seen = Math.max(...(await Promise.all(visits.map(points))));
  await startService(t, { ...env, TRAINYARD_PORT: new URL(address).port });
  await Promise.all(visits.map(async ({ page }) => page.getByText(/^(Nothing is lost: \d+ points? fetched|Connected again\. Nothing is lost)\.$/).waitFor()));

  const run = await ended(address, id);
  t.match(run, { state: 'succeeded' });
  t.ok(run.attempt > 1, 'it was killed with the service, and went on');
  const { body } = await call<MetricSeriesList>(address, `/v1/runs/${id}/metrics?key=batch/loss&maxPoints=10000`);
  const { count: stored, points: steps } = body.series[0]!;
  t.equal(stored, run.progress.totalSteps, 'the service has each step once');
  t.ok(run.progress.totalSteps > seen);
  for (const one of visits) {
    await until(async () => (await points(one)) === stored, { what: 'the curve to have each step once, too' });
    await one.page.locator('.run-title [role="status"]', { hasText: 'Succeeded' }).waitFor();
  }
  const [one, other] = await Promise.all(visits.map(({ page }) => readings(page)));
  t.ok(one!.size > 150, `${one!.size} steps are read along the whole curve`);
  const values = new Map(steps!.steps.map((step, index) => [step, plain(steps!.values[index] as number)]));
  t.same([...one!], [...one!.keys()].map((step) => [step, values.get(step)]), 'each with the value that is stored');
  t.same(other, one, 'both read the same');
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
});
