// `npm run chaos -- [--rounds 20] [--seed 1] [--round K] [--verbose]`: trains through faults that a seed chooses, and
// checks from outside that nothing was lost, doubled or changed. Exit code 1 where something was.
import { parseArgs } from 'node:util';
import { redisMissing } from '../helpers/redis.js';
import { diskMeans, type DiskMeans } from './actors/disk.js';
import { FAULT_KINDS, STAGES } from './faults.js';
import { planRound, type Abilities } from './plan.js';
import { describeRound, describeRuns, describeViolations, summarise, type Played } from './report.js';
import { playRound, type References } from './round.js';
import { closeScene, keepLogs, openScene, trainReferences, type OpenScene } from './scene.js';
import { Scope } from './scope.js';

const USAGE = 'usage: npm run chaos -- [--rounds 20] [--seed 1] [--round K] [--verbose]';

class UsageError extends Error {}

interface Arguments {
  seed: number;
  rounds: number[];
  isVerbose: boolean;
}

function readArguments(): Arguments {
  const options = { seed: { type: 'string', default: '1' }, rounds: { type: 'string', default: '20' }, round: { type: 'string' }, verbose: { type: 'boolean', default: false } } as const;
  const { values } = parseArgs({ options });
  const [seed, count, only] = [values.seed, values.rounds, values.round ?? '1'].map(Number) as [number, number, number];
  if (![seed, count, only].every(Number.isInteger) || seed < 0 || count < 1 || only < 1) throw new UsageError(USAGE);
  return { seed, rounds: values.round === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [only], isVerbose: values.verbose };
}

function findAbilities(means: DiskMeans | null): Abilities {
  const missing = redisMissing();
  if (missing !== false) console.log(`skipped: everything on Redis; ${missing}`);
  if (means === null) console.log('skipped: disk-full; this system lets us neither mount a small file system nor limit the size of files');
  if (means === 'limit') console.log('disk-full by a limit on the size of files, as we may not mount a small file system');
  return { stages: STAGES.filter((kind) => kind !== 'redis' || missing === false), kinds: FAULT_KINDS.filter((kind) => kind !== 'disk-full' || means !== null) };
}

/** Owns what runs at the moment. */
let scope = new Scope();
let scene: OpenScene | null = null;

/** Kills what runs and removes what lies about. */
async function abandon(): Promise<void> {
  scene = null;
  await scope.close();
}

async function main(): Promise<boolean> {
  const { seed, rounds, isVerbose } = readArguments();
  const means = diskMeans();
  const abilities = findAbilities(means);
  const played: Played[] = [];
  const others: string[] = [];
  let references: References | null = null;
  const leave = async () => {
    const left = scene;
    scene = null;
    if (left !== null) others.push(...(await closeScene(left)));
  };
  for (const round of rounds) {
    const plan = planRound(seed, round, abilities);
    if (scene !== null && scene.kind !== plan.stage) await leave();
    scene ??= await openScene((scope = new Scope()), plan.stage, means);
    references ??= await trainReferences(scene);
    const begun = performance.now();
    const result: Played = { plan, ...(await playRound(plan, scene, references)), seconds: (performance.now() - begun) / 1000 };
    played.push(result);
    console.log(describeRound(result));
    if (isVerbose && result.violations.length === 0) console.log(describeRuns(result));
    if (result.violations.length === 0) continue;
    console.log(describeViolations(result, keepLogs(scene)));
    // What is wrong here is not to be found again in the next round.
    await abandon();
  }
  await leave();
  for (const text of others) console.log(`VIOLATION ${text}`);
  console.log(summarise(played, others));
  return played.every(({ violations }) => violations.length === 0) && others.length === 0;
}

async function end(code: number): Promise<never> {
  await abandon().catch((error: unknown) => console.error(error));
  process.exit(code);
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => void end(1));
main().then(
  (isSound) => end(isSound ? 0 : 1),
  (error: unknown) => {
    const isUsage = error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    console.error(isUsage ? (error as Error).message : error);
    return end(1);
  },
);
