// How events become curves, and curves become chunks.
import t from 'tap';
import { CHUNK_POINTS, chunksOf, curvesOf } from '../../../src/runs/metric-repository.js';
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

t.test('chunks of a curve', async (t) => {
  const curve = (count: number) => ({ key: 'k', steps: Array.from({ length: count }, (_, index) => index + 1), values: Array.from({ length: count }, (_, index) => -index) });
  const sizes = (count: number, before: number) => chunksOf(curve(count), before).map(({ index, steps }) => [index, steps.length]);
  t.strictSame(sizes(0, 0), [], 'no points, no chunk');
  t.strictSame(sizes(1023, 0), [[0, 1023]], 'one short of a chunk');
  t.strictSame(sizes(1024, 0), [[0, 1024]], 'a chunk');
  t.strictSame(sizes(1025, 0), [[0, 1024], [1, 1]], 'one over');
  t.strictSame(sizes(2, 1023), [[0, 1], [1, 1]], 'the last chunk is filled first');
  t.strictSame(sizes(1, 1024), [[1, 1]], 'a full chunk takes no more');
  t.strictSame(sizes(3000, 1000), [[0, 24], [1, 1024], [2, 1024], [3, 928]], 'over several chunks');
  for (const before of [0, 1, 1023, 1024, 5000]) {
    const chunks = chunksOf(curve(2500), before);
    t.strictSame(chunks.flatMap(({ steps }) => steps), curve(2500).steps, `no step is lost after ${before} points`);
    t.strictSame(chunks.flatMap(({ values }) => values), curve(2500).values, `nor a value after ${before} points`);
    t.ok(chunks.every(({ steps }) => steps.length <= CHUNK_POINTS), `no chunk is too long after ${before} points`);
  }
});
