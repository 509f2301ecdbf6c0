// One round: some runs, some faults, and what is wrong when all of it is over.
import type { Run } from '../../src/schemas/run.js';
import { until } from '../helpers/poll.js';
import { inject, type Struck } from './inject.js';
import { readOutcome, type Outcome } from './outcome.js';
import { EARLY_RUNS, mayLeaveFiles, startsAtStake, type Plan } from './plan.js';
import { countRuns, endOf, remove, resume, submit } from './runs.js';
import type { SpecName } from './specs.js';
import type { Stage } from './stage.js';
import { findLeftovers } from './verdict/leftovers.js';
import { recoveries, type Recovery } from './verdict/recovery.js';
import { judgeRun } from './verdict/run-verdict.js';
import { sweep } from './verdict/sweep.js';
import type { Watcher } from './watcher.js';

export type References = Record<SpecName, Outcome>;

export interface Scene {
  stage: Stage;
  watcher: Watcher;
}

export interface RoundResult {
  struck: Struck[];
  violations: string[];
  recoveries: Recovery[];
  /** For whoever looks for the cause. */
  runs: Run[];
}

/** A run of the plan, and its place there. */
interface Begun {
  index: number;
  run: Run;
}

const STREAM_MS = 10_000;

export async function playRound(plan: Plan, scene: Scene, references: References): Promise<RoundResult> {
  const { stage, watcher } = scene;
  const { address } = stage;
  const violations: string[] = [];
  /** Whatever cannot be done is a violation, and answers null. */
  const attempt = async <T>(work: () => Promise<T>): Promise<T | null> => work().catch((error: unknown) => {
    violations.push(reasonOf(error));
    return null;
  });
  const attemptAll = async <A, T>(items: readonly A[], work: (item: A) => Promise<T>): Promise<T[]> =>
    (await Promise.all(items.map((item) => attempt(() => work(item))))).filter((one): one is Awaited<T> => one !== null);

  const prefix = `${plan.seed}.${plan.round}.`;
  const begin = async (index: number): Promise<Begun> => {
    const run = await submit(address, plan.runs[index] as SpecName, `${prefix}${index + 1}`);
    watcher.watch(run.id);
    return { index, run };
  };
  const places = plan.runs.map((_, index) => index);
  const early = await attemptAll(places.slice(0, EARLY_RUNS), begin);
  let late: Promise<Begun[]> = Promise.resolve([]);
  const onFirst = () => (late = attemptAll(places.slice(EARLY_RUNS), begin));
  const struck = (await attempt(() => inject(plan, { stage, watcher, runs: early.map(({ run }) => run), onFirst }))) ?? [];
  await attempt(() => stage.whole());

  const runs = await attemptAll([...early, ...(await late)], async (begun) => {
    const { run, faults } = await judge(begun, plan, scene, references);
    violations.push(...faults.map((text) => `run ${begun.index + 1} (${plan.runs[begun.index]}, ${run.id}): ${text}`));
    return run;
  });
  const count = await attempt(() => countRuns(address, prefix));
  if (count !== null && count !== plan.runs.length) violations.push(`${plan.runs.length} submissions have made ${count} runs`);
  if (mayLeaveFiles(plan)) await attempt(() => sweep(stage));
  violations.push(...(await findLeftovers(stage)), ...stage.kept.flatMap((kept) => kept.takeCrashes()));
  const times = recoveries(plan, struck, runs.map(({ id }) => watcher.of(id)));
  await attemptAll(runs, async ({ id }) => {
    watcher.unwatch(id);
    await remove(address, id);
  });
  violations.push(...(await findLeftovers(stage)).map((text) => `after its runs were deleted, ${text}`));
  return { struck, violations: [...new Set(violations)], recoveries: times, runs };
}

/** Waits for the end of a run, and of its stream. */
async function judge({ run: { id }, index }: Begun, plan: Plan, { stage: { address }, watcher }: Scene, references: References): Promise<{ run: Run; faults: string[] }> {
  let run = await endOf(address, id);
  if (run.state === 'failed' && isForWantOfSpace(run, plan)) run = await resume(address, id);
  const { head } = run;
  const lag = await until(() => watcher.of(id).events.length >= head, { what: `its watcher to see all of its ${head} events`, deadlineMs: STREAM_MS }).then(() => [], (error: unknown) => [reasonOf(error)]);
  const outcome = await readOutcome(address, id);
  const { events: seen, faults } = watcher.of(id);
  return { run, faults: [...lag, ...faults, ...judgeRun({ outcome, seen, reference: references[plan.runs[index] as SpecName], startsAtStake: startsAtStake(plan) })] };
}

/** Such a run goes on when there is space again. Where a full disk says ENOSPC, the limit on files says EFBIG. */
function isForWantOfSpace({ reason, message }: Run, { strikes }: Plan): boolean {
  return strikes.some(({ kind }) => kind === 'disk-full') && (reason === 'disk_full' || (message ?? '').includes('EFBIG'));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${error.cause instanceof Error ? error.cause.message : JSON.stringify(error.cause)}`;
}
