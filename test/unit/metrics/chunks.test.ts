// How events become curves.
import t from 'tap';
import { curvesOf } from '../../../src/metrics/chunks.js';
import type { NewEvent } from '../../../src/schemas/event.js';

const at = '2026-01-01T00:00:00.000Z';
const block = (steps: number[], series: Extract<NewEvent, { kind: 'metrics' }>['data']['series']): NewEvent => ({ kind: 'metrics', at, data: { attempt: 1, epoch: 1, steps, series, examplesPerSecond: 1 } });
const epoch = (number: number, metrics: Extract<NewEvent, { kind: 'epoch' }>['data']['metrics']): NewEvent => ({ kind: 'epoch', at, data: { attempt: 1, epoch: number, step: 1, metrics, examplesPerSecond: 1, durationMs: 1, best: false } });

t.test('curves of events', async (t) => {
  t.strictSame(curvesOf([]), [], 'no events, no curves');
  t.strictSame(curvesOf([{ kind: 'log', at, data: { level: 'info', message: 'x' } }]), [], 'a line of log is no point');
  t.strictSame(
    curvesOf([block([1, 2], { loss: [1, 'NaN'], accuracy: [0, 1] }), epoch(1, { loss: 'Infinity' }), block([3], { loss: ['-Infinity'] }), epoch(2, { loss: 5, val_loss: 6 })]),
    [
      { key: 'batch/loss', steps: [1, 2, 3], values: [1, NaN, -Infinity] },
      { key: 'batch/accuracy', steps: [1, 2], values: [0, 1] },
      { key: 'epoch/loss', steps: [1, 2], values: [Infinity, 5] },
      { key: 'epoch/val_loss', steps: [2], values: [6] },
    ],
    'blocks by step and epochs by number, joined in order',
  );
  t.strictSame(curvesOf([block([], { loss: [] })]), [], 'a block without steps has no curve');
});
