import t from 'tap';
import { applyRule } from '../../../src/ml/layer-rules.js';
import type { Shape } from '../../../src/ml/graph.js';

const WIDE: Shape = [4, 4, 3];
const NARROW: Shape = [4, 4, 1];

function join(type: 'add' | 'multiply' | 'average' | 'maximum' | 'minimum', inputs: readonly Shape[]) {
  const faults: string[] = [];
  const { shape } = applyRule({ type }, inputs, (detail) => faults.push(detail));
  return { shape, faults };
}

t.test('a join repeats the smaller input, where that can be trained', async (t) => {
  for (const type of ['add', 'multiply', 'average'] as const) t.same(join(type, [WIDE, NARROW]), { shape: WIDE, faults: [] }, type);
  for (const type of ['maximum', 'minimum'] as const) {
    t.same(join(type, [WIDE, WIDE]).faults, [], `${type} of equal shapes`);
    t.match(join(type, [WIDE, NARROW]).faults, [`TF.js has no gradient for a ${type} that repeats`].map((text) => new RegExp(text)), `${type} of others is refused`);
    t.match(join(type, [WIDE, [4, 4, 2]]).faults, [/do not fit/], 'and shapes that do not fit are so for one reason only');
  }
});
