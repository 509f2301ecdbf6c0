// One model at one batch size: every engine warmed up once, then turns in interleaved rounds, because a machine's
// speed wanders. A turn is some epochs, about a second of them.
import { setTimeout as delay } from 'node:timers/promises';
import type { Contestant } from './contestant.js';
import type { ModelName } from './train-models.js';

export interface Pair {
  model: ModelName;
  batchSize: number;
}

export interface Rounds {
  /** Of an epoch, unless an engine is slow. */
  examples: number;
  rounds: number;
}

export interface Speeds {
  engine: string;
  /** From the model's making to the end of its first step: building, capturing, compiling. */
  firstStepSeconds: number;
  /** Examples per second, one for each round. */
  speeds: number[];
}

const TURN_SECONDS = 1;
/** A slower epoch is cut to whole batches that take about this long. */
const EPOCH_SECONDS = 2;
const MOST_EPOCHS = 20;
/** Idle threads of the engine before spin for a moment. */
const PAUSE_MS = 50;

interface Runner {
  contestant: Contestant;
  turn: { examples: number; epochs: number };
  result: Speeds;
}

/** Trains ever more batches until it is an epoch, or slow. */
async function warmUp(contestant: Contestant, pair: Pair, most: number): Promise<Runner> {
  const whole = Math.max(1, Math.floor(most / pair.batchSize));
  const train = (batches: number) => contestant.tell({ examples: batches * pair.batchSize, epochs: 1 });
  const begun = performance.now();
  await contestant.tell({ ...pair });
  await train(1);
  const firstStepSeconds = (performance.now() - begun) / 1000;
  let batches = 1;
  let seconds = await train(1);
  while (batches < whole && seconds < EPOCH_SECONDS / 2) {
    batches = Math.min(whole, batches * 4);
    seconds = await train(batches);
  }
  const batchSeconds = seconds / batches;
  const inEpoch = Math.max(1, Math.min(whole, Math.floor(EPOCH_SECONDS / batchSeconds)));
  const epochs = Math.max(1, Math.min(MOST_EPOCHS, Math.round(TURN_SECONDS / (inEpoch * batchSeconds))));
  return { contestant, turn: { examples: inEpoch * pair.batchSize, epochs }, result: { engine: contestant.name, firstStepSeconds, speeds: [] } };
}

/** An engine that fails is told of through `say`, and left out. */
export async function compete(contestants: readonly Contestant[], pair: Pair, { examples, rounds, say }: Rounds & { say: (line: string) => void }): Promise<Speeds[]> {
  const runners: Runner[] = [];
  const attempt = async (contestant: Contestant, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      say(`  ${contestant.name} is left out: ${error instanceof Error ? error.message : String(error)}`);
      runners.splice(0, runners.length, ...runners.filter((runner) => runner.contestant !== contestant));
    }
  };
  for (const contestant of contestants) await attempt(contestant, async () => void runners.push(await warmUp(contestant, pair, examples)));
  for (let round = 0; round < rounds; round += 1) {
    // Each goes first in its turn, so that nobody always follows the same one.
    const order = runners.map((_, i) => runners[(i + round) % runners.length]!);
    for (const { contestant, turn, result } of order) {
      await delay(PAUSE_MS);
      await attempt(contestant, async () => void result.speeds.push((turn.examples * turn.epochs) / (await contestant.tell(turn))));
    }
  }
  return runners.map(({ result }) => result);
}
