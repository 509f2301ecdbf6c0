// A run is written on the page as people do it: from a recipe, as cards and as text, with the service's word on each
// change; then trained, copied, and looked at on the ladder.
import t from 'tap';
import type { Page } from 'playwright-core';
import type { Run } from '../../src/schemas/run.js';
import { startBrowser } from '../helpers/browser.js';
import { call, ended } from '../helpers/client.js';
import { chromium, picture, pictures, signIn, skipWithoutBrowser, visit } from '../helpers/dashboard.js';
import { until } from '../helpers/poll.js';
import { startService } from '../helpers/service.js';
import { KERAS_3_SEQUENTIAL } from '../unit/ml/topology-keras3.fixture.js';

const plan = (page: Page, state: string) => page.locator(`[data-plan="${state}"]`).waitFor();
const types = (page: Page) => page.locator('.layer-name b').allInnerTexts();
const json = (page: Page) => page.getByRole('textbox', { name: /Spec as JSON/ });

t.test('a run is written, trained and learned from', { skip: skipWithoutBrowser }, async (t) => {
  const [{ address }, browser] = await Promise.all([startService(t), startBrowser(t, String(chromium))]);
  const { page, faults } = await visit(browser);
  const train = async (recipe: string) => (await call<Run>(address, '/v1/runs', { json: { recipe, dataset: { name: 'mnist', take: 4000 }, fit: { epochs: 3 } } })).body.id;
  const rungs = [await train('mnist-softmax'), await train('mnist-sigmoid-sgd')];
  const convolutions = (await call<Run>(address, '/v1/runs', { json: { recipe: 'mnist-cnn', dataset: { name: 'mnist', take: 500 }, fit: { epochs: 1 } } })).body.id;

  await signIn(page, address, { path: '/new?recipe=mnist-softmax' });
  await plan(page, 'valid');
  t.same(await page.locator('.layer-out b').allInnerTexts(), ['784', '10'], 'cards tell what comes out of each layer');
  t.match(await page.locator('.plan').innerText(), /7,850/, 'and the plan how many weights there are');

  await t.test('a fault is told beside its field', async (t) => {
    await page.getByRole('button', { name: /^dense units/ }).click();
    await page.getByLabel('Units').fill('0');
    await plan(page, 'wrong');
    await page.locator('[data-pointer="/model/layers/1/units"] .field-fault', { hasText: 'must be at least 1' }).waitFor();
    t.equal(await page.getByRole('button', { name: 'Train' }).isDisabled(), true, 'what would be refused cannot be sent');
    await picture(page, 'new-run-fault');
    await page.getByLabel('Units').fill('10');
    await plan(page, 'valid');
  });

  await t.test('layers are added, moved by keys and by the pointer, and removed', async (t) => {
    await page.getByRole('button', { name: /^dense units/ }).click();
    await page.getByLabel('Type of the new layer').selectOption('dense');
    await page.getByRole('button', { name: 'Add layer' }).click();
    t.same(await types(page), ['flatten', 'dense', 'dense'], 'before the output');
    await page.getByLabel('Units').fill('32');
    await page.getByLabel('Activation', { exact: true }).selectOption('relu');
    await page.getByLabel('Type of the new layer').selectOption('dropout');
    await page.getByRole('button', { name: 'Add layer' }).click();
    t.same(await types(page), ['flatten', 'dense', 'dropout', 'dense']);
    const handle = page.getByRole('button', { name: /^Move dropout.*arrow keys/ });
    await handle.focus();
    await page.keyboard.press('ArrowUp');
    t.same(await types(page), ['flatten', 'dropout', 'dense', 'dense']);
    t.match(await page.evaluate('document.activeElement.getAttribute("aria-label")'), /^Move dropout, layer 2 of 4/, 'who moves it still holds it');
    await page.getByRole('button', { name: /^dropout rate/ }).click();
    const box = (await handle.boundingBox())!;
    await page.mouse.move(box.x + 10, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + 10, box.y + 60, { steps: 3 });
    await page.mouse.move(box.x + 10, box.y + 95, { steps: 3 });
    await picture(page, 'new-run-drag');
    await page.mouse.up();
    t.same(await types(page), ['flatten', 'dense', 'dropout', 'dense'], 'dragged down by one');
    await page.getByRole('button', { name: /^Remove dropout/ }).click();
    t.same(await types(page), ['flatten', 'dense', 'dense']);
    await until(async () => (await page.locator('.layer-out b').allInnerTexts()).join() === '784,32,10', { what: 'the new shapes' });
  });

  await t.test('the text is the same spec, completed by the grammar', async (t) => {
    await page.getByLabel('Epochs', { exact: true }).fill('2');
    await page.getByLabel('Take').fill('2000');
    await page.getByRole('tab', { name: 'JSON' }).click();
    await page.waitForURL(/view=json/);
    t.match(await json(page).inputValue(), /"units": 32/);
    await json(page).focus();
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.type('"pri');
    await page.getByRole('option', { name: /^priority/ }).waitFor();
    await picture(page, 'new-run-completion');
    await page.keyboard.press('Enter');
    await page.keyboard.type('1,');
    await plan(page, 'valid');
    t.equal((JSON.parse(await json(page).inputValue()) as { priority: number }).priority, 1);
    await page.keyboard.type('"oops": 1,');
    await page.getByRole('button', { name: /oops/ }).waitFor();
    await page.keyboard.type(',');
    await plan(page, 'broken');
    await pictures(page, 'new-run-json');
    for (let at = 0; at < '"oops": 1,,'.length; at += 1) await page.keyboard.press('Backspace');
    await plan(page, 'valid');
  });

  await t.test('a draft outlives a reload, and is sent once', async (t) => {
    await page.reload();
    await page.getByRole('tab', { name: 'Form' }).click();
    t.same(await types(page), ['flatten', 'dense', 'dense'], 'it is there again');
    await plan(page, 'valid');
    await pictures(page, 'new-run');
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), await page.evaluate('innerWidth'), 'nothing to scroll sideways');
    await page.getByRole('button', { name: 'Train' }).click();
    await page.waitForURL(/\/runs\/[\w-]{36}$/);
    const run = await ended(address, page.url().slice(-36));
    t.match(run, { state: 'succeeded', spec: { priority: 1, fit: { epochs: 2 }, dataset: { take: 2000 } } });
    await page.goto(`${address}/new?from=${run.id}`);
    await plan(page, 'valid');
    t.same(await types(page), ['flatten', 'dense', 'dense'], 'a copy of a run begins with its layers');
    await page.locator('.plan').getByText(/about \d/).first().waitFor();
    await ended(address, convolutions);
    await page.goto(`${address}/new?recipe=mnist-cnn`);
    await page.locator('.plan').getByText(/at the speed of/).waitFor();
    t.match(await page.locator('.plan').innerText(), /about \d/, 'a run of layers with many settings tells how long another takes');
    await page.goto(`${address}/new`);
    await plan(page, 'empty');
    t.equal(await page.locator('.field-fault').count(), 0, 'nothing is wrong with what has only begun');
    await picture(page, 'new-run-nothing');
  });

  await t.test('who removes a layer goes on from the next, and begins anew', async (t) => {
    const focused = () => page.evaluate<string>('document.activeElement.innerText');
    const remove = (layer: RegExp) => page.getByRole('button', { name: layer }).press('Enter');
    await page.goto(`${address}/new?recipe=mnist-relu-decay`);
    await plan(page, 'valid');
    const whole = await types(page);
    const before = page.getByText('These are your changes from before.');
    await remove(/^Remove flatten, layer 1/);
    t.match(await focused(), /^dense/);
    for (let left = whole.length - 1; left > 1; left -= 1) {
      await remove(new RegExp(`^Remove dense, layer ${left}`));
      t.match(await focused(), /^dense/, 'or from the one before');
    }
    await remove(/^Remove dense, layer 1 of 1/);
    t.equal(await focused(), 'Add layer');
    t.equal(await before.isVisible(), false, 'what one has just done is no surprise');
    await page.goto(`${address}/learn`);
    await page.locator('[data-recipe="mnist-relu-decay"]').getByRole('link', { name: 'Change it first' }).click();
    await before.waitFor();
    t.same(await types(page), [], 'what was changed is there again');
    await page.getByRole('button', { name: 'Start anew' }).click();
    await page.getByRole('button', { name: 'Discard it' }).click();
    await before.waitFor({ state: 'detached' });
    t.same(await types(page), whole);
  });

  await t.test('a fault of what has fields of its own is told once', async (t) => {
    await page.goto(`${address}/new?recipe=mnist-relu-dropout`);
    await plan(page, 'valid');
    await page.getByLabel('Learning rate', { exact: true }).fill('0,5');
    await plan(page, 'wrong');
    t.same(await page.locator('.field-fault').allInnerTexts(), ['must be a number, not "0,5"']);
    await page.getByLabel('Learning rate', { exact: true }).fill('0.5');
    await plan(page, 'valid');
    await page.getByRole('tab', { name: 'JSON' }).click();
    const whole = await json(page).inputValue();
    await json(page).fill(JSON.stringify({ ...(JSON.parse(whole) as object), loss: { type: 'meanSquaredError', fromLogits: 3 } }));
    await plan(page, 'wrong');
    await page.getByRole('tab', { name: 'Form' }).click();
    t.same(await page.locator('.field-fault').allInnerTexts(), ['must be a boolean, not 3'], 'beneath a name with settings, too');
  });

  await t.test('the form says what it cannot show, and writes a recipe out', async (t) => {
    await page.goto(`${address}/new`);
    await page.getByRole('tab', { name: 'JSON' }).click();
    const whole = JSON.parse(await json(page).inputValue()) as Run['spec'];
    const form = async (spec: unknown, state: string) => {
      await page.getByRole('tab', { name: 'JSON' }).click();
      await json(page).fill(JSON.stringify(spec));
      await plan(page, state);
      await page.getByRole('tab', { name: 'Form' }).click();
    };
    await form({ recipe: 'mnist-relu', fit: { epochs: 2 } }, 'valid');
    await page.getByRole('heading', { name: 'It starts from the recipe mnist-relu' }).waitFor();
    await picture(page, 'new-run-recipe');
    await page.getByRole('button', { name: 'Write it out as a spec' }).click();
    await page.getByLabel('Epochs', { exact: true }).waitFor();
    t.equal(await page.getByLabel('Epochs', { exact: true }).inputValue(), '2');
    t.same(await types(page), ['flatten', 'dense', 'dense', 'dense'], 'with the layers of the recipe');
    await plan(page, 'valid');
    await form({ ...whole, model: { layers: [null] } }, 'wrong');
    await page.getByText(/no layers that could be shown/).waitFor();
    await form({ ...whole, model: { topology: JSON.stringify(KERAS_3_SEQUENTIAL) } }, 'valid');
    await page.getByText(/This model is a topology.*11 layers/).waitFor();
    for (const name of await page.locator('.layer-name').all()) t.ok((await name.boundingBox())!.height < 46, 'each on a line');
    await pictures(page, 'new-run-topology');
    await page.setViewportSize({ width: 380, height: 800 });
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), await page.evaluate('innerWidth'), 'nor is any beside a narrow screen');
    await page.setViewportSize({ width: 1440, height: 900 });
    await form({ recipe: 'mnist-relu', resources: { memoryMiB: 999_999 } }, 'valid');
    t.match(await page.locator('.plan').innerText(), /It fits no box that there is[^]*Would start never on the boxes there are/);
    t.notMatch(await page.locator('.plan').innerText(), /Place 1/);
    t.equal(await page.locator('.plan').getByText(/even when it is empty/).count(), 1, 'why is said once');
    await pictures(page, 'new-run-unfit');
    t.equal(await page.getByRole('button', { name: 'Train' }).isEnabled(), true, 'a box may join');
  });

  await t.test('a field that is emptied to be written anew changes nothing else', async (t) => {
    await page.goto(`${address}/new?recipe=mnist-relu`);
    await plan(page, 'valid');
    const spec = async () => {
      await page.getByRole('tab', { name: 'JSON' }).click();
      const written = JSON.parse(await json(page).inputValue()) as Run['spec'];
      await page.getByRole('tab', { name: 'Form' }).click();
      return written;
    };
    const validation = page.locator('[data-pointer="/dataset/validation"]').first();
    await validation.getByRole('combobox').selectOption({ label: 'split' });
    const split = page.getByLabel('Split', { exact: true });
    await split.press('End');
    for (let at = 0; at < '0.1'.length; at += 1) await page.keyboard.press('Backspace');
    t.equal(await split.inputValue(), '', 'it is still there');
    await plan(page, 'wrong');
    await page.keyboard.type('0.25');
    await plan(page, 'valid');
    t.same((await spec()).dataset.validation, { split: 0.25 });
    await validation.getByRole('combobox').selectOption('test');
    const accuracy = page.locator('[data-pointer="/metrics"]').getByRole('checkbox', { name: /^accuracy/ });
    await accuracy.press('Space');
    t.same((await spec()).metrics, [], 'none is not the default');
    await page.getByRole('button', { name: 'Metrics as by default' }).click();
    t.equal((await spec()).metrics, undefined);
    await accuracy.press('Space');
    t.same((await spec()).metrics, ['accuracy']);
    await plan(page, 'valid');
  });

  await t.test('the ladder shows rungs beside each other, and its pieces follow the keys', async (t) => {
    await Promise.all(rungs.map((id) => ended(address, id)));
    await page.goto(`${address}/learn`);
    const shown = (recipe: string) => page.locator(`[data-chart="rung-${recipe}"] .chart-legend b`).allInnerTexts();
    await until(async () => (await shown('mnist-softmax')).filter((text) => text.endsWith('%')).length === 2, { what: 'the curves of the first rung' });
    await page.locator('[data-recipe="mnist-sigmoid-sgd"]').scrollIntoViewIfNeeded();
    await until(async () => (await shown('mnist-sigmoid-sgd')).filter((text) => text.endsWith('%')).length === 4, { what: 'those of two rungs in the second' });
    const seven = page.getByRole('slider', { name: 'Logit of 7' });
    const before = await seven.getAttribute('aria-valuetext');
    await seven.focus();
    await page.keyboard.press('ArrowLeft');
    t.not(await seven.getAttribute('aria-valuetext'), before, 'a logit by keys');
    const input = page.getByRole('slider', { name: 'Input of Sigmoid' });
    await input.focus();
    await page.keyboard.press('Home');
    await page.waitForURL(/x=-6/);
    t.match(await input.getAttribute('aria-valuetext'), /input −6\.0, output 0\.002, slope 0\.002/);
    await page.keyboard.press('End');
    await page.waitForURL(/x=6/);
    for (let at = 0; at < 4; at += 1) await page.keyboard.press('PageDown');
    await pictures(page, 'learn');
    await page.getByRole('link', { name: 'Change it first' }).first().click();
    await page.waitForURL(/\/new\?recipe=mnist-softmax/);
  });
  t.same(faults, [], 'the browser found no fault in the page');
});
