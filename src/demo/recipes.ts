// `npm run recipes [-- --recipe NAME]… [--seed N]`: trains the recipes one after the other through the public API, on the
// embedded default in a folder of its own that is removed after, and prints the Markdown table of the README.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError, loadConfig } from '../config.js';
import { createLog } from '../log.js';
import { findRecipe, RECIPES } from '../recipes/catalog.js';
import { hasEnded } from '../portable/run-states.js';
import type { Recipe } from '../schemas/recipe.js';
import { getRun, submitRun, watchRun, type Place } from './client.js';
import { isReached, LADDER_HEAD, ladderLine, type Rung } from './ladder-table.js';
import { startService } from './service.js';

const say = (line: string) => void process.stdout.write(`${line}\n`);

function readOptions(): { recipes: readonly Recipe[]; seed: number | null } {
  const { values } = parseArgs({ options: { recipe: { type: 'string', multiple: true }, seed: { type: 'string' } } });
  const known = RECIPES.map(({ name }) => name).join(', ');
  const recipes = values.recipe?.map((name) => {
    const recipe = findRecipe(name);
    if (recipe === null) throw new ConfigError([`--recipe ${name}: known are ${known}`]);
    return recipe;
  });
  const seed = values.seed === undefined ? null : Number(values.seed);
  if (seed !== null && !(Number.isInteger(seed) && seed >= 0)) throw new ConfigError([`--seed ${values.seed}: it takes a whole number`]);
  return { recipes: recipes ?? RECIPES, seed };
}

/** Submits it and waits for its end. */
async function climb(place: Place, recipe: Recipe, seed: number | null): Promise<Rung> {
  const begun = performance.now();
  const run = await submitRun(place, { recipe: recipe.name, ...(seed === null ? {} : { fit: { seed } }) });
  const speeds: number[] = [];
  let seconds = NaN;
  for await (const event of watchRun(place, run.id)) {
    if (event.kind === 'epoch') speeds.push(event.data.examplesPerSecond);
    else if (event.kind === 'warning') process.stderr.write(`${recipe.name}: ${event.data.message}\n`);
    if (event.kind !== 'state' || !hasEnded(event.data.state)) continue;
    seconds = (performance.now() - begun) / 1000;
    break;
  }
  const ended = await getRun(place, run.id);
  if (ended.state !== 'succeeded') process.stderr.write(`${recipe.name} is ${ended.state}: ${ended.message ?? ended.reason ?? 'no cause is known'}\n`);
  return {
    recipe,
    reached: ended.state === 'succeeded' ? (ended.metrics[recipe.expected.metric] ?? null) : null,
    seconds,
    examplesPerSecond: speeds.sort((a, b) => a - b)[Math.floor(speeds.length / 2)] ?? null,
    engine: [ended.engine, ended.backend].filter((part) => part !== null).join('-'),
  };
}

/** Answers whether every expectation was met. */
async function main(): Promise<boolean> {
  const { recipes, seed } = readOptions();
  const dataDir = await mkdtemp(join(tmpdir(), 'trainyard-recipes-'));
  // Whatever database and port the settings name, this is not for them.
  const config = loadConfig({
    fallbacks: { TRAINYARD_LOG_LEVEL: 'warn' },
    overrides: { TRAINYARD_ROLE: 'all', TRAINYARD_DATA_DIR: dataDir, TRAINYARD_PORT: '0', DATABASE_URL: '', REDIS_URL: '' },
  });
  const starting = startService(config, createLog(config, 'recipes'));
  let stopping: Promise<void> | null = null;
  const stop = () => (stopping ??= starting.then((service) => service.close(), () => undefined).then(() => rm(dataDir, { recursive: true, force: true })));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop().finally(() => process.exit(130)));
  try {
    const place = await starting;
    for (const line of LADDER_HEAD) say(line);
    let isMet = true;
    for (const recipe of recipes) {
      const rung = await climb(place, recipe, seed);
      if (stopping !== null) return await new Promise(() => {}); // the signal's handler ends the process
      say(ladderLine(rung));
      isMet &&= isReached(rung);
    }
    return isMet;
  } finally {
    await stop();
  }
}

main().then(
  (isMet) => process.exit(isMet ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
