// From reports to events: fast blocks are joined, order is kept, and every value survives JSON.
import t from 'tap';
import type { Evaluation } from '../../../src/ml/evaluation.js';
import type { StepsReport, TrainReport } from '../../../src/ml/reports.js';
import { createReportEvents, FLUSH_MS } from '../../../workers/report-events.js';

function stage() {
  let ms = Date.parse('2026-01-01T00:00:00.000Z');
  const reports = createReportEvents(2, () => ms);
  return { reports, pass: (by: number) => (ms += by), add: (report: TrainReport) => reports.add(report) };
}

const steps = (epoch: number, numbers: number[], loss: number[]): StepsReport => ({ type: 'steps', epoch, steps: numbers, series: { loss }, examplesPerSecond: 100 + numbers.length });

t.test('the first block is said at once', async (t) => {
  const { add, reports } = stage();
  t.strictSame(add(steps(1, [1, 2], [0.5, NaN])), [
    { kind: 'metrics', at: '2026-01-01T00:00:00.000Z', data: { attempt: 2, epoch: 1, steps: [1, 2], series: { loss: [0.5, 'NaN'] }, examplesPerSecond: 102 } },
  ]);
  t.strictSame(reports.flush(), [], 'and nothing is held then');
});

t.test('blocks that come faster than the log is flushed are joined', async (t) => {
  const { add, pass } = stage();
  add(steps(1, [1], [1]));
  pass(FLUSH_MS - 1);
  const given = steps(1, [2, 3], [Infinity, -Infinity]);
  t.strictSame(add(given), [], 'it is held until the time has come');
  pass(1);
  const due = add(steps(1, [4], [4]));
  t.match(due, [{ at: '2026-01-01T00:00:00.100Z', data: { steps: [2, 3, 4], series: { loss: ['Infinity', '-Infinity', 4] }, examplesPerSecond: 101 } }], 'one event, with the latest speed');
  t.equal(due.length, 1, 'no event is made twice');
  t.strictSame(given, steps(1, [2, 3], [Infinity, -Infinity]), 'the report itself stays as it was');
});

t.test('a block does not cross into the next epoch', async (t) => {
  const { add, reports } = stage();
  add(steps(1, [1], [1]));
  t.strictSame(add(steps(1, [2], [2])), [], 'held');
  t.match(add(steps(2, [3], [3])), [{ data: { epoch: 1, steps: [2] } }], 'the old epoch goes first');
  t.match(reports.flush(), [{ data: { epoch: 2, steps: [3] } }], 'the new one waits its turn');
});

t.test('what is held goes before an epoch, a warning, a phase and the end', async (t) => {
  const epoch: TrainReport = { type: 'epoch', epoch: 1, step: 2, metrics: { loss: -Infinity, accuracy: 1 }, examplesPerSecond: 7, durationMs: 8, best: true };
  const epochEvent = { kind: 'epoch', at: '2026-01-01T00:00:00.000Z', data: { attempt: 2, epoch: 1, step: 2, metrics: { loss: '-Infinity', accuracy: 1 }, examplesPerSecond: 7, durationMs: 8, best: true } };
  const evaluation: Evaluation = { split: 'test', labels: ['a', 'b'], confusionMatrix: [[1, 0], [0, 1]], unpredictedCounts: [0, 0], samples: [] };
  const cases: [TrainReport, object[]][] = [
    [epoch, [epochEvent]],
    [{ ...epoch, evaluation }, [epochEvent, { kind: 'evaluation', at: '2026-01-01T00:00:00.000Z', data: { attempt: 2, epoch: 1, step: 2, ...evaluation } }]],
    [{ type: 'warning', code: 'c', message: 'm' }, [{ kind: 'warning', at: '2026-01-01T00:00:00.000Z', data: { code: 'c', message: 'm' } }]],
    [{ type: 'phase', phase: 'validating', epoch: 1 }, []],
    [{ type: 'end', reason: 'completed', epochs: 1, steps: 2, bestEpoch: null, keptEpoch: 1, metrics: {} }, []],
  ];
  for (const [report, said] of cases) {
    const { add } = stage();
    add(steps(1, [1], [1]));
    add(steps(1, [2], [2]));
    const [first, ...rest] = add(report);
    t.match(first, { kind: 'metrics', data: { steps: [2] } }, `the block goes before ${report.type}`);
    t.strictSame(rest, said, `${report.type} says no more and no less`);
    t.strictSame(add(report), said, 'and the block is not said again');
  }
});
