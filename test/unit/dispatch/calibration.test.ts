// What was off before corrects what is said now.
import t from 'tap';
import { calibrated, LEAST_RUNS } from '../../../src/dispatch/calibration.js';

const now = 1_000_000;
const late = { count: LEAST_RUNS, p10: 1, p50: 2, p90: 5 };
/** What is added for leaving devices and beginning on them. */
const BEGIN = 5_000;
const at = (likely: number | null, earliest: number | null, latest: number | null) => ({ runId: 'a', likely, earliest, latest });

t.test('waits grow as they did before', async (t) => {
  t.strictSame(calibrated(at(now + 100, now + 60, now + 180), late, now), at(now + 200, now + 60, now + 220 + BEGIN));
  t.strictSame(calibrated(at(now + 100_000, now + 60_000, now + 180_000), late, now), at(now + 200_000, now + 60_000, now + 500_000));
  t.strictSame(calibrated(at(now + 100, now + 60, now + 180), { ...late, p10: 0.1, p50: 0.5, p90: 0.8 }, now), at(now + 50, now + 10, now + 55 + BEGIN), 'and shrink, but the interval does not');
});

t.test('the three stay in order', async (t) => {
  t.strictSame(calibrated(at(now + 100, now + 90, now + 110), { ...late, p10: 0.2, p50: 0.3, p90: 0.4 }, now), at(now + 30, now + 20, now + 33 + BEGIN));
  t.strictSame(calibrated(at(now - 5, now - 9, now), late, now), at(now, now - 9, now + BEGIN), 'what is due is due');
});

t.test('what nobody can say stays unsaid, and few runs tell nothing', async (t) => {
  t.strictSame(calibrated(at(now + 100, now + 60, null), late, now), at(now + 200, now + 60, null));
  t.strictSame(calibrated(at(null, null, null), late, now), at(null, null, null));
  t.strictSame(calibrated(at(now + 100, now + 60, now + 180), { ...late, count: LEAST_RUNS - 1 }, now), at(now + 100, now + 60, now + 110 + BEGIN));
});

t.test('nobody knows it to the second', async (t) => {
  const certain = at(now + 60_000, now + 60_000, now + 60_000);
  t.strictSame(calibrated(certain, { ...late, count: 0 }, now), at(now + 60_000, now + 54_000, now + 66_000 + BEGIN));
});
