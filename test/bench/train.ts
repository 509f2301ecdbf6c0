// Training speed: our engines, and Keras and PyTorch where Python has them, on the same models and digits.
import { UsageError, wholeNumber, type Bench, type BenchValues } from './bench.js';
import { Contestant, ContestantAbsent, PEERS, type ContestantOptions } from './contestant.js';
import { watchOtherWork } from './other-work.js';
import { BATCH_SIZES, MODEL_NAMES, type ModelName } from './train-models.js';
import { compete, type Pair, type Rounds } from './train-rounds.js';
import { ratioTable, rowsOf, speedTable, type Result } from './train-tables.js';

const DEVICES = ['cpu', 'webgpu', 'cuda'] as const;
const ENGINE = /^(compiled-(cpu|webgpu|cuda)|eager-(tensorflow|webgpu|wasm|cpu)|keras|pytorch)$/;
const MNIST_COUNT = 60_000;
/** Share of the processors; below it the figures stand. */
const QUIET = 0.05;

/** `eager-cpu` takes part only by name: it is hundreds of times slower. */
const ENGINES_ON: Record<(typeof DEVICES)[number], string[]> = {
  cpu: ['compiled-cpu', 'eager-tensorflow', 'eager-wasm', ...PEERS],
  webgpu: ['compiled-webgpu', 'compiled-cpu', 'eager-webgpu', 'eager-tensorflow', 'eager-wasm', ...PEERS],
  cuda: ['compiled-cuda', 'compiled-cpu', 'eager-tensorflow', 'eager-wasm', ...PEERS],
};

interface Settings extends Rounds, ContestantOptions {
  engines: string[];
  pairs: Pair[];
}

/** All of `known` where the option is absent. */
function chosen<T>(values: BenchValues, name: string, known: readonly T[]): T[] {
  const given = values[name] as string[] | undefined;
  if (given === undefined) return [...known];
  return given.flatMap((text) => text.split(',')).map((text) => {
    const found = known.find((one) => String(one) === text);
    if (found === undefined) throw new UsageError(`--${name} ${text}: there are ${known.join(', ')}`);
    return found;
  });
}

function settingsOf(values: BenchValues): Settings {
  const device = DEVICES.find((one) => one === values.device);
  if (device === undefined) throw new UsageError(`--device takes ${DEVICES.join(', ')}`);
  const engines = typeof values.engines === 'string' ? values.engines.split(',') : ENGINES_ON[device];
  const unknown = engines.find((engine) => !ENGINE.test(engine));
  if (unknown !== undefined) throw new UsageError(`--engines ${unknown}: there are compiled-cpu, compiled-webgpu, compiled-cuda, eager-tensorflow, eager-webgpu, eager-wasm, eager-cpu, ${PEERS.join(', ')}`);
  const models = chosen<ModelName>(values, 'model', MODEL_NAMES);
  const batchSizes = chosen(values, 'batch', BATCH_SIZES);
  return {
    device,
    engines,
    python: String(values.python),
    rounds: wholeNumber(values, 'rounds', 1000),
    examples: wholeNumber(values, 'examples', MNIST_COUNT),
    pairs: models.flatMap((model) => batchSizes.map((batchSize) => ({ model, batchSize }))),
  };
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Into `present`, so that the caller can end those that are there whatever happens. */
async function gather(present: Contestant[], settings: Settings): Promise<void> {
  for (const name of settings.engines) {
    try {
      const contestant = await Contestant.start(name, settings);
      present.push(contestant);
      say(`${name}: ${contestant.about}`);
    } catch (error) {
      if (!(error instanceof ContestantAbsent)) throw error;
      say(`${name} is left out: ${error.message}`);
    }
  }
}

async function run(values: BenchValues) {
  const settings = settingsOf(values);
  const contestants: Contestant[] = [];
  const results: Result[] = [];
  try {
    await gather(contestants, settings);
    for (const pair of settings.pairs) {
      say(`${pair.model}, batch ${pair.batchSize} …`);
      const otherWork = watchOtherWork([process.pid, ...contestants.map(({ pid }) => pid)]);
      results.push({ pair, speeds: await compete(contestants, pair, { ...settings, say }) });
      const share = otherWork();
      if (share > QUIET) say(`  ${Math.round(share * 100)}% of the processors went to other work meanwhile: the figures are low, most of all with several threads`);
    }
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.stop()));
  }
  return { rows: results.flatMap(rowsOf), tables: [speedTable(results), ratioTable(results)] };
}

export const trainBench: Bench = {
  options: {
    model: { type: 'string', multiple: true },
    batch: { type: 'string', multiple: true },
    engines: { type: 'string' },
    device: { type: 'string', default: 'cpu' },
    rounds: { type: 'string', default: '5' },
    examples: { type: 'string', default: '12800' },
    python: { type: 'string', default: 'python3' },
  },
  run,
};
