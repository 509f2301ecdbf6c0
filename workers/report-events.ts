// From the training loop's reports to events of the run's log. Blocks of steps that come faster than the
// log is flushed are joined, so that a fast model makes ten events a second and not thousands.
import { toMetricValue, toMetricValues } from '../src/metrics/values.js';
import type { Evaluation } from '../src/ml/evaluation.js';
import type { EpochReport, StepsReport, TrainReport } from '../src/ml/reports.js';
import type { NewEvent } from '../src/schemas/event.js';

export const FLUSH_MS = 100;

export interface ReportEvents {
  /** The events that are due now. */
  add(report: TrainReport): NewEvent[];
  /** Whatever is still held. */
  flush(): NewEvent[];
}

export function createReportEvents(attempt: number, now: () => number = Date.now): ReportEvents {
  let held: StepsReport | null = null;
  let lastFlush = -Infinity;
  const at = () => new Date(now()).toISOString();

  function flush(): NewEvent[] {
    if (held === null) return [];
    const { epoch, steps, series, examplesPerSecond } = held;
    held = null;
    lastFlush = now();
    const values = Object.fromEntries(Object.entries(series).map(([name, numbers]) => [name, numbers.map(toMetricValue)]));
    return [{ kind: 'metrics', at: at(), data: { attempt, epoch, steps, series: values, examplesPerSecond } }];
  }

  function join(report: StepsReport): void {
    if (held === null) {
      held = { ...report, steps: [...report.steps], series: Object.fromEntries(Object.entries(report.series).map(([name, numbers]) => [name, [...numbers]])) };
      return;
    }
    held.steps.push(...report.steps);
    held.examplesPerSecond = report.examplesPerSecond;
    for (const [name, numbers] of Object.entries(report.series)) (held.series[name] ??= []).push(...numbers);
  }

  /** With what a classifier said after it. */
  const epochEvents = (report: EpochReport): NewEvent[] => [epochEvent(report), ...(report.evaluation === undefined ? [] : [evaluationEvent(report, report.evaluation)])];

  const evaluationEvent = ({ epoch, step }: Pick<EpochReport, 'epoch' | 'step'>, evaluation: Evaluation): NewEvent => ({
    kind: 'evaluation',
    at: at(),
    data: { attempt, epoch, step, ...evaluation },
  });

  const epochEvent = ({ epoch, step, metrics, examplesPerSecond, durationMs, best }: EpochReport): NewEvent => ({
    kind: 'epoch',
    at: at(),
    data: { attempt, epoch, step, metrics: toMetricValues(metrics), examplesPerSecond, durationMs, best },
  });

  return {
    flush,
    add(report) {
      switch (report.type) {
        case 'steps': {
          const earlier = held !== null && held.epoch !== report.epoch ? flush() : [];
          join(report);
          return now() - lastFlush >= FLUSH_MS ? [...earlier, ...flush()] : earlier;
        }
        case 'epoch':
          return [...flush(), ...epochEvents(report)];
        case 'evaluation':
          return [...flush(), evaluationEvent(report, report.evaluation)];
        case 'warning':
          return [...flush(), { kind: 'warning', at: at(), data: { code: report.code, message: report.message } }];
        // Points up to a checkpoint are in the log before it is.
        case 'checkpoint':
        case 'phase':
        case 'end':
          return flush();
        default:
          return report satisfies never;
      }
    },
  };
}
