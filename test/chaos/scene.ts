// A stage with its watcher, from its start to its end, over the rounds that are played on it.
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiskMeans } from './actors/disk.js';
import type { StageKind } from './faults.js';
import { readOutcome } from './outcome.js';
import type { References, Scene } from './round.js';
import { endOf, submit } from './runs.js';
import { Scope } from './scope.js';
import { SPEC_NAMES } from './specs.js';
import { SHUTDOWN_MS, startStage } from './stage.js';
import { findJobs } from './verdict/leftovers.js';
import { judgeLog } from './verdict/run-verdict.js';
import { Watcher } from './watcher.js';

export interface OpenScene extends Scene {
  kind: StageKind;
  scope: Scope;
}

/** What it starts is `scope`'s to end, also where it fails. */
export async function openScene(scope: Scope, kind: StageKind, means: DiskMeans | null): Promise<OpenScene> {
  const stage = await startStage(scope, kind, means);
  const watcher = new Watcher(stage.address);
  scope.teardown(() => watcher.close());
  await stage.whole();
  return { kind, stage, watcher, scope };
}

/** In order. Answers what is wrong with how it ends. */
export async function closeScene({ kind, stage, watcher, scope }: OpenScene): Promise<string[]> {
  watcher.close();
  const found = await findJobs(stage).catch((error: unknown) => [String(error)]);
  // One that a fault has just ended is on its way back, and has nothing to end in order.
  await stage.whole().catch((error: unknown) => found.push(String(error)));
  for (const kept of [...stage.kept].reverse()) {
    const code = await kept.end(SHUTDOWN_MS + 10_000);
    if (code !== 0) found.push(`${kept.name} ended with code ${code} on SIGTERM`);
  }
  found.push(...stage.ownProcesses().map(({ pid, name }) => `process ${pid} is left: ${name}`));
  if (found.length > 0) found.push(`its logs: ${keepLogs({ stage, watcher })}`);
  await scope.close();
  return found.map((text) => `at the end of a service on ${kind}: ${text}`);
}

/** Where the logs of a scene that is given up stay. */
export function keepLogs({ stage: { folder, dataDir } }: Scene): string {
  const kept = mkdtempSync(join(tmpdir(), 'trainyard-chaos-logs-'));
  const isKept = (path: string) => path.endsWith('.log') || [folder, dataDir, join(folder, 'postgres'), join(dataDir, 'postgres')].includes(path);
  cpSync(folder, kept, { recursive: true, filter: isKept });
  return kept;
}

/** Every spec once, in peace. @throws Error when even that goes wrong */
export async function trainReferences({ stage: { address } }: Scene): Promise<References> {
  const outcomes = await Promise.all(SPEC_NAMES.map(async (spec) => {
    const run = await endOf(address, (await submit(address, spec, `reference.${spec}`)).id);
    const outcome = await readOutcome(address, run.id);
    const faults = judgeLog(outcome);
    if (run.state !== 'succeeded' || faults.length > 0) throw new Error(`the uninterrupted ${spec} run is ${run.state} (${run.message}); ${faults.join('; ')}`);
    return [spec, outcome] as const;
  }));
  return Object.fromEntries(outcomes) as References;
}
