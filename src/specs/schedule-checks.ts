// Whether schedule and callbacks make sense, and watch something that the run will report.
import { epochMetricNames } from '../ml/epoch-metrics.js';
import { baseLearningRate } from '../ml/schedule.js';
import type { Schedule } from '../schemas/optimization.js';
import type { RunSpec } from '../schemas/spec.js';
import { defaultMetrics } from './defaults.js';
import type { Findings } from './findings.js';
import { suggestion } from './suggest.js';

export function checkSchedule(spec: RunSpec, findings: Findings): void {
  const { schedule } = spec;
  if (schedule === undefined) return;
  if (schedule.warmup !== undefined) checkSpan(schedule.warmup, '/schedule/warmup', findings);
  switch (schedule.type) {
    case 'step':
      checkBoundaries(schedule, spec.fit.epochs, findings);
      break;
    case 'exponential':
      if (schedule.everyEpochs !== undefined && schedule.everySteps !== undefined) {
        findings.problems.push({ pointer: '/schedule/everySteps', detail: 'stands beside everyEpochs; give one of them' });
      }
      checkFloor(schedule.minLearningRate, spec, findings);
      break;
    case 'polynomial':
      checkSpan(schedule, '/schedule', findings);
      break;
    case 'cosine':
      checkSpan(schedule, '/schedule', findings);
      checkRestarts(schedule, findings);
      break;
    case 'reduceOnPlateau':
      checkFloor(schedule.minLearningRate, spec, findings);
      break;
    case 'constant':
      break;
  }
}

export function checkMonitors(spec: RunSpec, { hasValidation }: { hasValidation: boolean }, findings: Findings): void {
  const known = epochMetricNames(defaultMetrics(spec), hasValidation);
  const check = (monitor: string | undefined, pointer: string): void => {
    if (known.includes(monitor ?? 'val_loss')) return;
    const detail =
      monitor === undefined
        ? `watches val_loss when no monitor is given, but the run has no validation data; known are ${known.join(', ')}`
        : `there is no "${monitor}" to watch: known are ${known.join(', ')}${suggestion(monitor, known)}`;
    findings.problems.push({ pointer: `${pointer}/monitor`, detail });
  };
  if (spec.checkpoints?.monitor !== undefined) check(spec.checkpoints.monitor, '/checkpoints');
  if (spec.schedule?.type === 'reduceOnPlateau') check(spec.schedule.monitor, '/schedule');
  spec.callbacks?.forEach((callback, index) => {
    check(callback.monitor, `/callbacks/${index}`);
    if ((callback.startFromEpoch ?? 0) >= spec.fit.epochs) {
      findings.warnings.push({ pointer: `/callbacks/${index}/startFromEpoch`, detail: `never acts in ${spec.fit.epochs} epochs` });
    }
  });
}

function checkSpan(span: { epochs?: number; steps?: number }, pointer: string, { problems }: Findings): void {
  if (span.epochs !== undefined && span.steps !== undefined) problems.push({ pointer: `${pointer}/steps`, detail: 'stands beside epochs; give one of them' });
}

function checkBoundaries({ boundaries, factors }: Extract<Schedule, { type: 'step' }>, epochs: number, { problems, warnings }: Findings): void {
  boundaries.forEach((boundary, index) => {
    const before = boundaries[index - 1];
    if (before !== undefined && boundary <= before) problems.push({ pointer: `/schedule/boundaries/${index}`, detail: `must be over the one before it, ${before}` });
    if (boundary >= epochs) warnings.push({ pointer: `/schedule/boundaries/${index}`, detail: `is never reached in ${epochs} epochs` });
  });
  if (factors.length !== boundaries.length) {
    problems.push({ pointer: '/schedule/factors', detail: `must have one factor for each of the ${boundaries.length} boundaries, not ${factors.length}` });
  }
}

function checkRestarts(schedule: Extract<Schedule, { type: 'cosine' }>, { warnings }: Findings): void {
  if (schedule.restarts === true) {
    if (schedule.epochs === undefined && schedule.steps === undefined) {
      warnings.push({ pointer: '/schedule/restarts', detail: 'the first period lasts the whole run when neither epochs nor steps is given, so nothing restarts' });
    }
    return;
  }
  for (const argument of ['periodFactor', 'peakFactor'] as const) {
    if (schedule[argument] !== undefined) warnings.push({ pointer: `/schedule/${argument}`, detail: 'means nothing without restarts' });
  }
}

function checkFloor(floor: number | undefined, spec: RunSpec, { warnings }: Findings): void {
  const base = baseLearningRate(spec.optimizer);
  if (floor !== undefined && floor > base) warnings.push({ pointer: '/schedule/minLearningRate', detail: `lies over the base rate of ${base}` });
}
