// A model in the browser of whoever tries it: it answers as the service does, shows what it computes on the way, and
// answers with the weights of any checkpoint.
import t from 'tap';
import type { Page } from 'playwright-core';
import { PNG } from 'pngjs';
import type { CreatedShare } from '../../src/schemas/identity.js';
import type { Predictions } from '../../src/schemas/predict.js';
import type { ArtifactPage } from '../../src/schemas/artifact.js';
import type { Run } from '../../src/schemas/run.js';
import { startBrowser } from '../helpers/browser.js';
import { call, ended } from '../helpers/client.js';
import { chromium, picture, pictures, signIn, skipWithoutBrowser, visit } from '../helpers/dashboard.js';
import { until } from '../helpers/poll.js';
import { startService } from '../helpers/service.js';

/** As the ladder's convolutions, on few digits. */
const spec = {
  name: 'small-cnn',
  dataset: { name: 'mnist', take: 2_000, validation: 'none' },
  model: {
    layers: [
      { type: 'conv2d', filters: 12, kernelSize: 3, padding: 'same', activation: 'relu' },
      { type: 'conv2d', filters: 24, kernelSize: 6, strides: 2, padding: 'same', useBias: false },
      { type: 'batchNormalization' },
      { type: 'activation', activation: 'relu' },
      { type: 'maxPooling2d', poolSize: 2 },
      { type: 'flatten' },
      { type: 'dense', units: 100, activation: 'relu' },
      { type: 'dropout', rate: 0.25 },
      { type: 'dense', units: 10, activation: 'softmax' },
    ],
  },
  optimizer: { type: 'adam', learningRate: 0.002 },
  loss: 'categoricalCrossentropy',
  fit: { batchSize: 50, epochs: 3, seed: 42 },
  checkpoints: { everyEpochs: 1, keepLast: 5 },
};
const STEPS = 120;
const CLOSE = 1e-4;

t.test('a model is tried in the browser', { skip: skipWithoutBrowser }, async (t) => {
  const [{ address }, browser] = await Promise.all([startService(t), startBrowser(t, String(chromium))]);
  const submit = async (json: object) => (await call<Run>(address, '/v1/runs', { json })).body.id;
  const id = await submit(spec);
  const [regression, softmax] = [
    await submit({ ...spec, dataset: { ...spec.dataset, take: 100 }, name: 'regression', loss: 'meanSquaredError', metrics: [], checkpoints: {}, fit: { ...spec.fit, epochs: 1 } }),
    await submit({ ...spec, dataset: { ...spec.dataset, take: 1_000 }, name: 'templates', checkpoints: {}, model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }] } }),
  ];
  const { page, faults } = await visit(browser);
  await signIn(page, address, { path: `/runs/${id}/try` });
  await page.getByText('There is no model yet').waitFor();
  t.equal((await ended(address, id)).state, 'succeeded', 'the run succeeds');
  await page.getByRole('heading', { name: 'The answer' }).waitFor();
  t.pass('a page that was opened too early goes on by itself');
  await picture(page, 'try-empty');
  t.same(await page.locator('.try-layers h3').allInnerTexts(), ['conv2d', 'conv2d_1', 'batch_normalization', 'activation', 'max_pooling2d', 'dense', 'dense_1'], 'the layers that compute something');

  const asked = async (body: object | Buffer, type: string) => {
    const answer = await call<Predictions>(address, `/v1/runs/${id}/predict`, { method: 'POST', headers: { 'content-type': type }, body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) });
    return answer.body.predictions[0]?.probabilities ?? [];
  };
  const difference = (a: readonly number[], b: readonly number[]) => (a.length === b.length && a.length > 0 ? Math.max(...a.map((value, at) => Math.abs(value - (b[at] ?? NaN)))) : NaN);
  /** Once the page answers as it should, or with the difference that stays. */
  const agrees = (expected: readonly number[]) => until(async () => difference(await answered(page), expected) < CLOSE, { what: 'the page to answer as the service does' });

  await t.test('it says of a drawing what the service says', async (t) => {
    await drawThree(page);
    await page.locator('.bars .best').waitFor();
    const seen = await sightOf(page);
    t.ok(seen.flat().some((value) => value > 200), 'something is drawn');
    const expected = await asked({ instances: [seen] }, 'application/json');
    await agrees(expected);
    t.ok(difference(await answered(page), expected) < CLOSE, `to ${difference(await answered(page), expected).toExponential(1)}`);
    t.match(await page.locator('.try-layers canvas').first().getAttribute('aria-label'), /^conv2d: 12 maps of 28 × 28, the strongest is map \d+$/, 'maps are there, and told');
    await pictures(page, 'try');
  });

  await t.test('a checkpoint answers with the weights that it has', async (t) => {
    const final = await answered(page);
    const scrubber = page.getByRole('slider', { name: 'Weights of' });
    // One that would be due while the last is still being written is left out.
    const { items } = (await call<ArtifactPage>(address, `/v1/runs/${id}/artifacts`)).body;
    const kept = items.filter(({ path }) => path.startsWith('checkpoints/')).length;
    t.ok(kept >= 2, `${kept} of them`);
    t.equal(await scrubber.getAttribute('max'), String(kept), 'each that was kept, and the model');
    await scrubber.focus();
    for (const [key, step] of [['Home', STEPS / 3], ['End', 0]] as const) {
      await page.keyboard.press(key);
      await until(() => step === 0 ? !page.url().includes('step=') : page.url().includes(`step=${step}`), { what: 'the address to say which' });
      if (step === 0) continue;
      await until(async () => difference(await answered(page), final) > 10 * CLOSE, { what: 'another answer' });
      t.equal(await scrubber.getAttribute('aria-valuetext'), 'epoch 1, step 40', 'which is said in words');
      await picture(page, 'try-early');
    }
    await agrees(final);
    await page.keyboard.press('ArrowLeft');
    await page.waitForURL(new RegExp(`step=${STEPS}`));
    await page.locator('.try-answer[data-weights]:not([data-weights="model"])[aria-busy="false"]').waitFor();
    await agrees(final);
    t.pass('the last of them is the model');
  });

  await t.test('a picture of any size is prepared as the service does it', async (t) => {
    const picture = stroke({ width: 130, height: 200 });
    await page.getByLabel('Picture', { exact: true }).setInputFiles({ name: 'one.png', mimeType: 'image/png', buffer: picture });
    await agrees(await asked(picture, 'image/png'));
    t.pass('ink on paper too');
    await page.getByLabel('Picture', { exact: true }).setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') });
    await page.getByText('That is neither a PNG nor a JPEG.').waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await until(async () => (await page.locator('.bars .best').count()) === 0, { what: 'nothing to be said of nothing' });
  });

  await t.test('whoever has a link may try it too, and by the keyboard alone', async (t) => {
    const { body: { link } } = await call<CreatedShare>(address, `/v1/runs/${id}/shares`, { json: {} });
    const guest = await visit(browser);
    await guest.page.goto(`${address}/runs/${id}/try#link=${link}`);
    const pad = guest.page.locator('.pad');
    await pad.focus();
    for (const key of ['ArrowUp', 'ArrowUp', ' ', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown']) await guest.page.keyboard.press(key);
    await guest.page.locator('.bars .best').waitFor();
    await agreesOn(guest.page, asked);
    await guest.page.setViewportSize({ width: 380, height: 800 });
    await until(async () => (await guest.page.evaluate('document.documentElement.scrollWidth')) === 380, { what: 'a phone to have nothing to scroll sideways' });
    t.same(guest.faults, [], 'nor is anything refused to a guest');
    async function agreesOn(other: Page, ask: typeof asked): Promise<void> {
      await until(async () => difference(await answered(other), await ask({ instances: [await sightOf(other)] }, 'application/json')) < CLOSE, { what: 'the same answer' });
    }
  });

  await t.test('a model that is no classifier, and one that has no filters', async () => {
    await Promise.all([regression, softmax].map((one) => ended(address, one)));
    await page.goto(`${address}/runs/${regression}/try`);
    await page.getByText('Not for this model').waitFor();
    await picture(page, 'try-not');
    await page.goto(`${address}/runs/${softmax}`);
    await drawThree(page);
    await page.locator('.bars .best').waitFor();
    await page.getByRole('link', { name: 'Look inside it' }).click();
    await page.getByRole('heading', { name: 'Weights of the first layer' }).waitFor();
    await drawThree(page);
    await page.locator('.bars .best').waitFor();
    await pictures(page, 'try-templates');
  });
  t.same(faults, [], 'the browser found no fault in the page');
});

/** By label; empty before there is an answer. */
async function answered(page: Page): Promise<number[]> {
  const shares = (await page.evaluate('[...document.querySelectorAll(".bars .share")].map((one) => one.getAttribute("value"))')) as string[];
  return shares.every((share) => share === '') ? [] : shares.map(Number);
}

/** What the model was shown: `[28][28]`, 0 to 255. */
async function sightOf(page: Page): Promise<number[][]> {
  const bytes = (await page.evaluate('[...document.querySelector(".sight").getContext("2d").getImageData(0, 0, 28, 28).data]')) as number[];
  return Array.from({ length: 28 }, (_, y) => Array.from({ length: 28 }, (_, x) => bytes[(y * 28 + x) * 4] ?? 0));
}

/** Two bows, one below the other. */
async function drawThree(page: Page): Promise<void> {
  const pad = page.locator('.pad');
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  if (box === null) throw new Error('the pad is not there');
  const at = (x: number, y: number) => [box.x + box.width * x, box.y + box.height * y] as const;
  const points = [0.3, 0.7].flatMap((middle) => Array.from({ length: 9 }, (_, index) => {
    const angle = -2.2 + (index / 8) * 4.1;
    return at(0.45 + 0.2 * Math.cos(angle), middle + 0.2 * Math.sin(angle));
  }));
  await page.mouse.move(...points[0]!);
  await page.mouse.down();
  for (const point of points) await page.mouse.move(...point);
  await page.mouse.up();
}

/** A PNG of a dark stroke on bright paper. */
function stroke({ width, height }: { width: number; height: number }): Buffer {
  const image = new PNG({ width, height });
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    const isInk = Math.abs(x - width / 2 - (y - height / 2) * 0.1) < 9 && y > 20 && y < height - 20;
    image.data.set(isInk ? [20, 30, 60, 255] : [235, 230, 220, 255], pixel * 4);
  }
  return PNG.sync.write(image);
}
