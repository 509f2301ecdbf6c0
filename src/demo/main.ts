// `npm run demo [-- --recipe NAME] [--keep]`: the whole service on its embedded default, one recipe trained
// to its end through the public API, and what the model says of digits that it has not seen.
import { parseArgs } from 'node:util';
import { ConfigError, loadConfig } from '../config.js';
import { loadMnist } from '../datasets/mnist.js';
import { createLog } from '../log.js';
import { findRecipe, RECIPES } from '../recipes/catalog.js';
import type { RunEvent } from '../schemas/event.js';
import { hasEnded } from '../portable/run-states.js';
import type { Run } from '../schemas/run.js';
import { cancelRun, getRun, predict, submitRun, watchRun, type Place } from './client.js';
import { epochLine, formatMetric, formatSeconds, imageLines, progressLine } from './progress.js';
import { startService } from './service.js';

const SHOWN_DIGITS = 5;

const out = process.stdout;
const say = (line = '') => void out.write(`${line}\n`);

/** Draws events until the run has ended. */
async function follow(place: Place, run: Run): Promise<void> {
  const { epochs, totalSteps } = run.progress;
  const stepsPerEpoch = totalSteps / epochs;
  const clear = () => out.isTTY && out.write('\r\x1b[2K');
  const draw = (event: RunEvent & { kind: 'metrics' }) => {
    if (!out.isTTY) return;
    const { epoch, steps, series, examplesPerSecond } = event.data;
    const done = steps.at(-1) ?? 0;
    const metrics = Object.fromEntries(Object.entries(series).map(([name, values]) => [name, values.at(-1) ?? 'NaN' as const]));
    const examplesLeft = ((totalSteps - done) * run.spec.fit.batchSize) / examplesPerSecond;
    out.write(`\r\x1b[2K${progressLine({ epoch, epochs, step: done - (epoch - 1) * stepsPerEpoch, stepsPerEpoch, metrics, examplesPerSecond, remainingSeconds: examplesLeft }, (out.columns || 80) - 1)}`);
  };
  for await (const event of watchRun(place, run.id)) {
    if (event.kind === 'metrics') draw(event);
    else if (event.kind === 'epoch') {
      clear();
      say(epochLine(event, epochs));
    } else if (event.kind === 'warning' || (event.kind === 'log' && ['info', 'error'].includes(event.data.level))) {
      clear();
      say(`  ${event.data.message}`);
    } else if (event.kind === 'state' && hasEnded(event.data.state)) {
      clear();
      return;
    }
  }
}

async function showPredictions(place: Place, run: Run): Promise<void> {
  const { test, labels } = await loadMnist();
  const pixels = 28 * 28;
  const images = Array.from({ length: SHOWN_DIGITS }, (_, index) => test.x.subarray(index * pixels, (index + 1) * pixels));
  const predictions = await predict(place, run.id, images.map((image) => Array.from(image)));
  say(`\nThe first ${SHOWN_DIGITS} test digits, which it has not seen:`);
  const width = Math.floor((out.columns || 80) / 30);
  const shown = images.slice(0, Math.max(1, width)).map((image) => imageLines(image, 28));
  for (let line = 2; line < 13; line += 1) say(shown.map((lines) => lines[line]).join('  '));
  for (const [index, { label, probabilities }] of predictions.entries()) {
    say(`  a ${labels[test.y[index] ?? -1]}: predicted ${label} with probability ${Math.max(...probabilities).toFixed(3)}`);
  }
}

/** The run under way; it is nobody's wish that the next start finishes an interrupted demo. */
let underWay: string | null = null;
let interrupted = false;
async function cancelUnfinished(place: Place): Promise<void> {
  if (underWay !== null) await cancelRun(place, underWay).catch(() => undefined);
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { recipe: { type: 'string', default: 'mnist-relu' }, keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
  if (values.help) return say(`npm run demo [-- --recipe NAME] [--keep]\n\nrecipes: ${RECIPES.map(({ name }) => name).join(', ')}\n--keep leaves the service up.`);
  const recipe = findRecipe(values.recipe);
  if (recipe === null) throw new ConfigError([`--recipe ${values.recipe}: known are ${RECIPES.map(({ name }) => name).join(', ')}`]);
  const begun = performance.now();
  const config = loadConfig({ fallbacks: { TRAINYARD_LOG_LEVEL: 'warn' }, overrides: { TRAINYARD_ROLE: 'all' } });
  const service = await startService(config, createLog(config, 'demo'));
  let stopping: Promise<void> | null = null;
  const stop = () => (stopping ??= service.close());
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      interrupted = true;
      say('\nInterrupted: cancelling the run and stopping the service.');
      void cancelUnfinished(service)
        .then(stop)
        .finally(() => process.exit(130));
    });
  }

  try {
    say(`Trainyard is ready at ${service.address} after ${formatSeconds((performance.now() - begun) / 1000)}; the dashboard is that address.`);
    say(`Sign in with the key ${service.key}${config.adminKey === null ? ', which is good until this ends' : ''}.`);
    const run = await submitRun(service, { recipe: recipe.name });
    underWay = run.id;
    say(`Training ${recipe.name}: ${recipe.title}. Run ${run.id}\n`);
    await follow(service, run);
    if (interrupted) return await new Promise(() => {}); // the signal's handler ends the process
    const ended = await getRun(service, run.id);
    underWay = null;
    if (ended.state !== 'succeeded') throw new Error(`The run is ${ended.state}: ${ended.message ?? ended.reason ?? 'no cause is known'}`);
    await showPredictions(service, ended);
    say();
    say(`trained on ${ended.device} (engine ${ended.engine}) in ${formatSeconds((Date.parse(ended.endedAt ?? '') - Date.parse(ended.startedAt ?? '')) / 1000)}`);
    say(`test accuracy: ${formatMetric(ended.metrics.val_accuracy ?? 'NaN')}`);
    say(values.keep ? `The service stays up at ${service.address}; Ctrl-C ends it.` : `Everything is kept in ${config.dataDir}; \`npm start\` shows it again.`);
    if (values.keep) await new Promise(() => {});
  } finally {
    await stop();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (interrupted) return;
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
