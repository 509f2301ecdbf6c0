// What a contract is held against: the repositories over one store, real or fake, and the ways in which the
// contracts bring a run to where they want it.
import type { Test } from 'tap';
import type { ArtifactRepository } from '../../src/artifacts/artifact-repository.js';
import { createDatasetCatalog } from '../../src/datasets/catalog.js';
import type { WorkerRepository } from '../../src/devices/worker-repository.js';
import type { EventLog } from '../../src/live/event-log.js';
import type { LedgerRepository } from '../../src/ledger/repository.js';
import type { DeviceUse } from '../../src/ledger/split.js';
import type { RetentionRepository } from '../../src/retention/repository.js';
import type { Points } from '../../src/metrics/buckets.js';
import type { CurvePart, CurveQuery, MetricRepository } from '../../src/metrics/repository.js';
import type { NewRun, RunRepository } from '../../src/runs/run-repository.js';
import type { NewEvent } from '../../src/schemas/event.js';
import type { UsageRepository } from '../../src/usage/repository.js';
import type { RunState } from '../../src/portable/run-states.js';
import type { Run } from '../../src/schemas/run.js';
import { flattenHyperparameters } from '../../src/specs/hyperparameters.js';
import { planSubmission } from '../../src/specs/plan-submission.js';

export interface Subject {
  runs: RunRepository;
  events: EventLog;
  metrics: MetricRepository;
  artifacts: ArtifactRepository;
  retention: RetentionRepository;
  usage: UsageRepository;
  ledger: LedgerRepository;
  addUse(use: DeviceUse): Promise<void>;
  workers: WorkerRepository;
  /** A team without runs. */
  newTeam(): Promise<string>;
  /** Makes every idempotency key older. */
  ageIdempotencyKeys(ms: number): Promise<void>;
}

/** An empty store of its own; gone when `t` ends. */
export type CreateSubject = (t: Test) => Promise<Subject>;

export const SPEC = {
  tags: ['contract'],
  dataset: { name: 'mnist' },
  model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }] },
  optimizer: { type: 'sgd', learningRate: 0.1 },
  loss: 'categoricalCrossentropy',
  fit: { batchSize: 128, epochs: 3 },
};

const datasets = createDatasetCatalog();

/** What the service would store for SPEC with these changes. */
export function newRun(teamId: string, changes: Partial<Omit<NewRun, 'spec'>> & { spec?: object } = {}): NewRun {
  const { spec, plan } = planSubmission({ ...SPEC, ...changes.spec }, datasets, { limitBytes: 2 ** 34 });
  if (spec === null) throw new Error(`the contract's own spec is wrong: ${JSON.stringify(plan.problems)}`);
  return { teamId, name: 'a run', recipe: null, plan, hyperparameters: flattenHyperparameters(spec), ...changes, spec };
}

/** From `queued` to each state, by legal steps. */
const WAYS: Record<RunState, readonly RunState[]> = {
  queued: [],
  starting: ['starting'],
  running: ['starting', 'running'],
  finalizing: ['starting', 'running', 'finalizing'],
  pausing: ['starting', 'pausing'],
  paused: ['paused'],
  cancelling: ['starting', 'cancelling'],
  lost: ['starting', 'lost'],
  succeeded: ['starting', 'running', 'finalizing', 'succeeded'],
  failed: ['starting', 'failed'],
  cancelled: ['cancelled'],
};

export const FAR = new Date('2100-01-01T00:00:00.000Z');

/** A new run in this state: attempt 1 of owner `box`, with a lease that lasts, where it was ever started. */
export async function runIn({ runs }: Pick<Subject, 'runs'>, state: RunState, run: NewRun): Promise<Run> {
  let current = (await runs.create(run)).run;
  for (const to of WAYS[state]) {
    const set = to === 'starting' ? { attempt: 1, leaseOwner: 'box', leaseExpiresAt: FAR } : {};
    const changed = await runs.change(current.id, { to, set });
    if (changed === null) throw new Error(`the way to ${state} is barred at ${to}`);
    current = changed.run;
  }
  return current;
}

/** A part of a curve of the latest attempt, or all of it. */
export async function partOf(metrics: MetricRepository, runId: string, key: string, query: Partial<CurveQuery> = {}): Promise<CurvePart | null> {
  const [part = null] = await metrics.findCurves([{ runId, key }], { maxPoints: Infinity, fromStep: 0, toStep: Infinity, ...query });
  return part;
}

/** All points of a curve of the latest attempt. */
export async function pointsOf(metrics: MetricRepository, runId: string, key: string): Promise<Points | null> {
  return (await partOf(metrics, runId, key))?.points ?? null;
}

export const AT = '2026-03-29T01:30:00.123Z';

export const line = (message: string): NewEvent => ({ kind: 'log', at: AT, data: { level: 'info', message } });

export const block = (steps: number[], series: Extract<NewEvent, { kind: 'metrics' }>['data']['series']): NewEvent => ({
  kind: 'metrics', at: AT, data: { attempt: 1, epoch: 1, steps, series, examplesPerSecond: 1234.5 },
});

/** Text that PostgreSQL refuses as it is: NUL, and halves of surrogate pairs. The smiling train is whole. */
export const UNSTORABLE = 'nul \u0000, high \ud83d, low \ude82, whole \u{1f682}';
export const STORED = 'nul \ufffd, high \ufffd, low \ufffd, whole \u{1f682}';
