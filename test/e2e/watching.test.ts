// Two people watch a run in their browsers while the service is killed and started again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { MetricSeriesList } from '../../src/schemas/metric.js';
import type { Run } from '../../src/schemas/run.js';
import { startBrowser } from '../helpers/browser.js';
import { call, ended } from '../helpers/client.js';
import { chromium, pointsOf, signIn, skipWithoutBrowser, visit } from '../helpers/dashboard.js';
import { until } from '../helpers/poll.js';
import { startService } from '../helpers/service.js';

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
  const { body } = await call<MetricSeriesList>(address, `/v1/runs/${id}/metrics?key=batch/loss`);
  const stored = body.series[0]?.count;
  t.equal(stored, run.progress.totalSteps, 'the service has each step once');
  t.ok(run.progress.totalSteps > seen);
  for (const one of visits) {
    await until(async () => (await points(one)) === stored, { what: 'the curve to have each step once, too' });
    await one.page.locator('.run-title [role="status"]', { hasText: 'Succeeded' }).waitFor();
  }
  const [one, other] = await Promise.all(visits.map(({ page }) => page.locator('[data-chart="loss"] [data-line]').allInnerTexts()));
  t.ok(one!.length > 0);
  t.same(one, other, 'both read the same');
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
});
