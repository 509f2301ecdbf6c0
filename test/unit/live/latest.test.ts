import t from 'tap';
import { advance, type Latest } from '../../../src/live/latest.js';
import type { RunEvent } from '../../../src/schemas/event.js';

const BEFORE: Latest = { state: 'queued', epoch: 3, step: 30, metrics: { loss: 0.5 } };
const starting = (from: { step?: number; epoch?: number }): RunEvent => ({ seq: 9, at: '2026-01-01T00:00:00Z', kind: 'state', data: { state: 'starting', attempt: 2, ...from } });

t.test('an attempt that goes on is where it goes on from', async (t) => {
  t.strictSame(advance(BEFORE, starting({ step: 20, epoch: 2 })), { state: 'starting', epoch: 2, step: 20, metrics: {} });
});

t.test('one that trains from the start has done nothing', async (t) => {
  t.strictSame(advance(BEFORE, starting({})), { state: 'starting', epoch: 0, step: 0, metrics: {} });
});

t.test('another state leaves the numbers as they are', async (t) => {
  t.strictSame(advance(BEFORE, { seq: 9, at: '2026-01-01T00:00:00Z', kind: 'state', data: { state: 'cancelled', attempt: 1 } }), { ...BEFORE, state: 'cancelled' });
});
