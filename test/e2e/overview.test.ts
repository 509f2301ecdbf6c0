// What is left open on the wall, and what it is run by: the boxes and the queue, live; teams, keys and the ledger. The
// two GPUs are simulated, the trainings on them are real.
import t from 'tap';
import type { Identity } from '../../src/schemas/identity.js';
import type { Queue } from '../../src/schemas/queue.js';
import type { Run } from '../../src/schemas/run.js';
import { startBrowser } from '../helpers/browser.js';
import { call } from '../helpers/client.js';
import { chromium, picture, pictures, signIn, skipWithoutBrowser, visit } from '../helpers/dashboard.js';
import { until } from '../helpers/poll.js';
import { startService } from '../helpers/service.js';

const MODEL = { layers: [{ type: 'flatten' }, { type: 'dense', units: 16, activation: 'relu' }, { type: 'dense', units: 10, activation: 'softmax' }] };
/** Trains until it is cancelled. */
const endless = (name: string, memoryMiB: number) => ({
  name, dataset: { name: 'mnist', take: 1_600, validation: 'none' }, model: MODEL, optimizer: { type: 'adam' }, loss: 'categoricalCrossentropy', engine: 'compiled',
  fit: { batchSize: 16, epochs: 100_000, seed: 7 }, resources: { device: 'gpu', memoryMiB },
});

const BOX = { name: 'attic', phase: 'open', alive: true, runs: 2, hasToken: true, createdAt: '2026-01-01T00:00:00Z' };
const GPU = {
  kind: 'gpu', name: 'NVIDIA A100-SXM4-80GB', uuid: null, simulated: false, memoryMiB: 81_920, cores: null, slots: 4, backends: ['cuda'], unavailable: [],
  worker: { id: 'elsewhere', box: 'attic', host: 'attic', slots: 8, startedAt: '2026-01-01T00:00:00Z', heartbeatAt: '2026-01-01T00:00:00Z' },
};
const RUN = '01890a5d-ac96-774b-bcce-b302099a8057';
/** As they are `now`, in ms since the epoch. */
const full = (now: number) => [
  { ...GPU, id: 'gpu:0', memoryUsedMiB: 67_584, foreignMemoryMiB: 9_216, utilizationPercent: 97, temperatureCelsius: 81, processes: [{ pid: 4711, name: 'python3', memoryMiB: 9_216 }], runs: [{ id: RUN, memoryMiB: 38_000 }], otherRuns: 2, sampledAt: new Date(now).toISOString() },
  { ...GPU, id: 'gpu:1', memoryUsedMiB: 20_480, foreignMemoryMiB: 0, utilizationPercent: 41, temperatureCelsius: 56, processes: [], runs: [{ id: RUN.replace('0', '1'), memoryMiB: 20_480 }], otherRuns: 0, sampledAt: new Date(now - 90_000).toISOString() },
];

t.test('boxes and queue are seen live, and people run them from the page', { skip: skipWithoutBrowser }, async (t) => {
  const [{ address }, browser] = await Promise.all([startService(t, { TRAINYARD_SIMULATED_GPUS: '2x4GiB', TRAINYARD_BOX: 'attic' }), startBrowser(t, String(chromium))]);
  const { page, faults } = await visit(browser);
  const ask = async <T>(path: string, init: Parameters<typeof call>[2] = {}) => {
    const { status, body } = await call<T>(address, path, init);
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
  const submit = (name: string, memoryMiB: number, headers: Record<string, string> = {}) => ask<Run>('/v1/runs', { json: endless(name, memoryMiB), headers });
  const reaches = (id: string, state: Run['state']) => until(async () => (await ask<Run>(`/v1/runs/${id}`)).state === state, { what: `run ${id} to be ${state}`, deadlineMs: 60_000 });
  const { user } = await ask<Identity>('/v1/me');

  await signIn(page, address);
  const box = page.getByRole('region', { name: 'Box attic' });
  await box.locator('[data-device="gpu:1"]').waitFor();
  await page.getByRole('heading', { name: 'Nothing runs' }).waitFor();
  t.equal(await page.getByRole('link', { name: 'Overview' }).getAttribute('aria-current'), 'page', 'the overview is the first that one sees');
  await picture(page, 'overview-empty');

  const [wide, deep] = [await submit('wide net', 3_000), await submit('deep net', 2_500)];
  await Promise.all([wide, deep].map(({ id }) => reaches(id, 'running')));
  const [second, third] = [await submit('second try', 3_400), await submit('third try', 3_400)];
  const order = () => page.evaluate("[...document.querySelectorAll('.queue li')].map((row) => row.dataset.run).join()");

  await t.test('what runs, on what, and what waits and why', async (t) => {
    await box.getByRole('link', { name: 'wide net' }).waitFor();
    await page.locator(`.running [data-run="${deep.id}"]`, { hasText: 'Running' }).waitFor();
    await until(async () => (await order()) === `${second.id},${third.id}`, { what: 'the line to be shown' });
    const first = page.locator(`.queue [data-run="${second.id}"]`);
    t.match(await first.innerText(), /GiB of memory are missing|MiB of memory are missing|has as many runs/, 'why it waits');
    t.match(await first.locator('.start-estimate').innerText(), /^(Starts |Nobody can say)/, 'and when it starts');
    const trail = box.locator('[data-device="cpu"] .device-trail path').nth(1);
    await until(async () => (await trail.getAttribute('d'))?.includes('L'), { what: 'a line of how busy the processor is' });
    await pictures(page, 'overview');
    await page.setViewportSize({ width: 380, height: 800 });
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 380, 'a phone has nothing to scroll sideways');
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await t.test('the order is changed by the keyboard, and so is a priority', async (t) => {
    await page.getByRole('button', { name: 'Start third try earlier' }).focus();
    await page.keyboard.press('Enter');
    await until(async () => (await order()) === `${third.id},${second.id}`, { what: 'the line in its new order' });
    t.same((await ask<Queue>('/v1/queue')).items.map(({ runId }) => runId), [third.id, second.id], 'the service has it so, too');
    t.ok(await page.getByRole('button', { name: 'Start third try earlier' }).isDisabled(), 'the first cannot go further');
    await page.getByRole('button', { name: 'P0: priority of second try' }).click();
    const dialog = page.getByRole('dialog', { name: 'Priority of second try' });
    await dialog.getByLabel('Priority', { exact: true }).fill('7');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'P7: priority of second try' }).waitFor();
    await until(async () => (await order()) === `${second.id},${third.id}`, { what: 'the more urgent to be first' });
  });

  await t.test('a run that waits says what would let it start', async (t) => {
    await page.locator('.queue').getByRole('link', { name: 'third try' }).click();
    const note = page.getByRole('region', { name: 'How it stands in the queue' });
    await note.getByText(/number 2 of your team/).waitFor();
    t.match(await note.innerText(), /What would let it start/, 'with less memory, or otherwise');
    await pictures(page, 'run-waiting');
    await page.getByRole('link', { name: 'Overview' }).click();
  });

  await t.test('a team is made, and somebody in it', async (t) => {
    await page.getByRole('link', { name: 'Teams' }).click();
    await page.getByRole('button', { name: 'New team' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('vision');
    await page.keyboard.press('Enter');
    const add = page.getByRole('form', { name: 'Add a member' });
    await page.getByText('vision has no members yet.').waitFor();
    await add.getByLabel('User').fill('ada');
    await add.getByRole('button', { name: 'Add' }).click();
    await page.getByLabel('Role of ada').selectOption('viewer');
    await until(async () => (await ask<{ items: { role: string }[] }>('/v1/teams/vision/members')).items[0]?.role === 'viewer', { what: 'the role to be changed' });
    await pictures(page, 'teams-members');

    await page.getByRole('tab', { name: 'Shares and quotas' }).click();
    await page.getByRole('button', { name: /^GPU time a day of vision: no limit/ }).click();
    await page.getByLabel('GPU time a day of vision, in hours').fill('1.5');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^GPU time a day of vision: 1.5 h/ }).waitFor();
    t.equal((await ask<{ gpuSecondsPerDay: number }>('/v1/teams/vision')).gpuSecondsPerDay, 5400, 'hours are seconds to the service');
    await pictures(page, 'teams-shares');
  });

  await t.test('a key is made, shown once, and used', async (t) => {
    await page.getByRole('tab', { name: 'Keys' }).click();
    await page.getByLabel('Team', { exact: true }).selectOption('vision');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('What it is for').fill('notebook');
    const form = (await page.getByRole('dialog').boundingBox())!;
    await page.mouse.click(form.x + 6, form.y + 6);
    await page.getByLabel('What it is for').selectText();
    await page.mouse.move(form.x + 60, form.y + 60);
    await page.mouse.down();
    await page.mouse.move(form.x - 40, form.y + 60, { steps: 3 });
    await page.mouse.up();
    t.equal(await page.getByLabel('What it is for').inputValue(), 'notebook', 'a press that begins or ends in the dialog does not close it');
    await picture(page, 'teams-new-key');
    await page.getByRole('button', { name: 'Make the key' }).click();
    const key = await page.getByRole('textbox', { name: 'The key' }).inputValue();
    t.match(key, /^ty_/);
    for (let turn = 0; turn < 3; turn += 1) await page.keyboard.press('Escape');
    t.equal(await page.getByRole('textbox', { name: 'The key' }).inputValue(), key, 'what is shown once does not go by mistake');
    await picture(page, 'teams-key');
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('rowheader', { name: /notebook/ }).waitFor();
    t.notMatch(await page.content(), key, 'it is nowhere on the page any more');

    const { page: other, faults: theirs } = await visit(browser);
    await signIn(other, address, { key, path: '/teams' });
    await other.getByRole('heading', { name: 'Team vision' }).waitFor();
    await other.getByRole('rowheader', { name: /ada/ }).waitFor();
    t.equal(await other.getByRole('button', { name: /Remove|Add|New team/ }).count(), 0, 'a viewer has no button that would be refused');
    t.equal(await other.getByRole('tab', { name: 'Boxes' }).count(), 0);
    await other.getByRole('link', { name: 'Overview' }).click();
    await other.getByRole('region', { name: 'Box attic' }).getByText('1 run of other teams').first().waitFor();
    t.equal(await other.getByRole('main').getByRole('link', { name: /New run|Train a recipe/ }).count(), 0, 'nor a link to what they may not do');
    await picture(other, 'overview-viewer');
    t.same(theirs, []);
    await other.close();

    await page.getByRole('button', { name: 'Revoke notebook of ada' }).click();
    await page.getByRole('button', { name: 'Revoke it' }).click();
    await page.getByText('There is no key that is good.').waitFor();
  });

  await t.test('a box is cordoned, and the wall says so', async () => {
    await page.getByRole('tab', { name: 'Boxes' }).click();
    await page.getByRole('button', { name: 'Cordon attic' }).click();
    await page.getByRole('rowheader', { name: 'attic' }).waitFor();
    await page.getByRole('button', { name: 'Open attic' }).waitFor();
    await pictures(page, 'teams-boxes');
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText('Cordoned: it takes no new runs. 2 runs go on to the end.').waitFor();
    await picture(page, 'overview-cordoned');
  });

  await t.test('the ledger knows who used what, and a link shows the same', async (t) => {
    for (const { id } of [second, third, wide, deep]) await ask(`/v1/runs/${id}/cancel`, { method: 'POST' });
    await Promise.all([wide, deep].map(({ id }) => reaches(id, 'cancelled')));
    await page.getByRole('link', { name: 'Ledger' }).click();
    await page.getByRole('rowheader', { name: String(user) }).waitFor();
    await pictures(page, 'ledger');
    await page.getByRole('radio', { name: 'Day', exact: true }).click();
    await page.waitForURL(/by=day/);
    await page.locator('.days').waitFor();
    await pictures(page, 'ledger-days');
    await page.reload();
    await page.getByRole('radio', { name: 'Run', exact: true, checked: false }).click();
    await page.getByRole('rowheader', { name: /wide net/ }).waitFor();
    const csv = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download as CSV' }).click();
    t.match((await csv).suggestedFilename(), /^ledger-by-run.*\.csv$/);
    await page.goto(`${address}/teams?part=storage`);
    await page.getByRole('rowheader', { name: /Database/ }).waitFor();
    await pictures(page, 'teams-storage');
  });
  await t.test('a box that is full, and one that has gone', async (t) => {
    const { page: wall, faults: theirs } = await visit(browser);
    // Two GPUs as `GET /v1/devices` tells them, which this machine need not have.
    await wall.route('**/v1/devices', (route) => route.fulfill({ json: { items: full(Date.now()) } }));
    await wall.route('**/v1/boxes', (route) => route.fulfill({ json: { items: [BOX, { ...BOX, name: 'cellar', alive: false, runs: 2 }] } }));
    await signIn(wall, address);
    const attic = wall.getByRole('region', { name: 'Box attic' });
    await attic.getByText('81 °C').waitFor();
    t.equal(await attic.locator('[data-device="gpu:0"] .memory-parts li').count(), 3, 'runs, those of others, and what is none');
    t.match(await attic.locator('[data-device="gpu:0"] .memory-sum').innerText(), /14 GiB of 80 GiB free/);
    t.match(await attic.locator('[data-device="gpu:1"]').innerText(), /This was so .+ ago/, 'what is old is said to be');
    t.match(await wall.getByRole('region', { name: 'Box cellar' }).innerText(), /Nothing was heard of it lately. 2 runs had a place there/);
    await pictures(wall, 'overview-full');
    t.same(theirs, []);
  });
  t.same(faults, [], 'the browser found no fault in the page');
});
