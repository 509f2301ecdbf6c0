import t from 'tap';
import { partsOf } from '../../../src/ml/engines/batch-parts.js';

t.test('a batch is cut into consecutive parts, of which the last may be smaller', async (t) => {
  const cases: [batch: number, steps: number | undefined, sizes: number[]][] = [
    [5, undefined, [5]], [5, 1, [5]], [6, 2, [3, 3]], [5, 2, [3, 2]], [7, 3, [3, 3, 1]],
    // Fewer parts than asked for where equal ones make up the batch.
    [4, 3, [2, 2]], [2, 5, [1, 1]], [1, 2, [1]],
  ];
  for (const [batch, steps, sizes] of cases) {
    const parts = partsOf(batch, steps);
    t.same(parts.map(({ size }) => size), sizes, `${batch} in ${steps ?? 'one'}`);
    t.same(parts.map(({ from }) => from), sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0)), 'one behind the other');
  }
});
