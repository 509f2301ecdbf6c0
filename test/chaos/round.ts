// One round: some runs, some faults, and what is wrong when all of it is over.
import type { Run } from '../../src/schemas/run.js';
import { until } from '../helpers/poll.js';
import { ask, get } from './ask.js';
import { inject, type Struck } from './inject.js';
import { readOutcome, type Outcome } from './outcome.js';
import { mayLeaveFiles, startsAtStake, type Plan } from './plan.js';
import { SPECS, type SpecName } from './specs.js';
import type { Stage } from './stage.js';
import { findLeftovers } from './verdict/leftovers.js';
import { recoveries, type Recovery } from './verdict/recovery.js';
import { judgeRun } from './verdict/run-verdict.js';
import type { Watcher } from './watcher.js';

export type References = Record<SpecName, Outcome>;

export interface Scene {
  stage: Stage;
  watcher: Watcher;
  /** False once a fault may have left files behind that are found and freed later. */
  isTidy: boolean;
}

export interface RoundResult {
  struck: Struck[];
  violations: string[];
  recoveries: Recovery[];
  /** For whoever looks for the cause. */
  runs: Run[];
}

/** From the moment when all causes are gone. */
const END_MS = 60_000;
const STREAM_MS = 10_000;
const ENDED = ['succeeded', 'failed', 'cancelled'];

/** Submits a run of a spec once, however often it has to ask. */
export async function submit(address: string, spec: SpecName, key: string): Promise<Run> {
  const { status, body } = await ask<Run>(address, '/v1/runs', { json: { ...SPECS[spec], name: key }, headers: { 'idempotency-key': key } });
  if (status !== 202 && status !== 200) throw new Error(`run ${key} was answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

export async function endOf(address: string, { id }: Pick<Run, 'id'>): Promise<Run> {
  return until(async () => {
    const run = await get<Run>(address, `/v1/runs/${id}`);
    return ENDED.includes(run.state) ? run : null;
  }, { what: `run ${id} to end`, deadlineMs: END_MS, everyMs: 100 });
}

export async function playRound(plan: Plan, scene: Scene, references: References): Promise<RoundResult> {
  const { stage, watcher } = scene;
  const { address } = stage;
  const violations: string[] = [];
  const attempted = async <T>(work: () => Promise<T>): Promise<T | null> => work().catch((error: unknown) => {
    violations.push(reasonOf(error));
    return null;
  });

  scene.isTidy &&= !mayLeaveFiles(plan);
  const submitted = await attempted(() => Promise.all(plan.runs.map((spec, index) => submit(address, spec, `${plan.seed}.${plan.round}.${index + 1}`))));
  const runs = submitted ?? [];
  for (const { id } of runs) watcher.watch(id);
  const struck = (await attempted(() => inject(plan, { stage, watcher, runs }))) ?? [];
  await attempted(() => stage.whole());
  const isDiskStruck = struck.some(({ strike }) => strike.kind === 'disk-full');

  const judge = (begun: Run, index: number) => attempted(async () => {
    const spec = plan.runs[index] as SpecName;
    const about = (text: string) => `run ${index + 1} (${spec}, ${begun.id}): ${text}`;
    let run = await endOf(address, begun);
    if (isDiskStruck && run.state === 'failed' && isForWantOfSpace(run)) run = await resume(address, run);
    const { id, head } = run;
    await attempted(() => until(() => watcher.of(id).events.length >= head, { what: about(`its watcher to see all of its ${head} events`), deadlineMs: STREAM_MS }));
    const { events: seen, faults } = watcher.of(id);
    const outcome = await readOutcome(address, id);
    violations.push(...[...faults, ...judgeRun({ outcome, seen, reference: references[spec], startsAtStake: startsAtStake(plan) })].map(about));
    return run;
  });
  const last = (await Promise.all(runs.map(judge))).filter((run) => run !== null);
  violations.push(...(await findLeftovers(stage, scene.isTidy)), ...stage.kept.flatMap((kept) => kept.takeCrashes()));
  const recovered = recoveries(plan, struck, last.map(({ id }) => watcher.of(id)));
  await attempted(() => remove(address, last, watcher));
  violations.push(...(await findLeftovers(stage, scene.isTidy)).map((text) => `after its runs were deleted, ${text}`));
  return { struck, violations: [...new Set(violations)], recoveries: recovered, runs: last };
}

/** The limit on files says EFBIG, where a full disk says ENOSPC. */
const isForWantOfSpace = ({ reason, message }: Run) => reason === 'disk_full' || (message ?? '').includes('EFBIG');

/** What failed for want of space goes on when there is space again. */
async function resume(address: string, failed: Run): Promise<Run> {
  const { status, body } = await ask<Run>(address, `/v1/runs/${failed.id}/resume`, { method: 'POST' });
  if (status !== 202) throw new Error(`the resumption of run ${failed.id} was answered ${status}: ${JSON.stringify(body)}`);
  return endOf(address, failed);
}

async function remove(address: string, runs: readonly Run[], watcher: Watcher): Promise<void> {
  for (const { id } of runs) {
    watcher.unwatch(id);
    const { status, body } = await ask(address, `/v1/runs/${id}`, { method: 'DELETE' });
    if (status !== 204) throw new Error(`run ${id} could not be deleted: ${status} ${JSON.stringify(body)}`);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${error.cause instanceof Error ? error.cause.message : JSON.stringify(error.cause)}`;
}
