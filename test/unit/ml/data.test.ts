import t from 'tap';
import { chooseExamples, rowGatherer, sliceExamples, splitExamples, takeExamples } from '../../../src/ml/data.js';
import { foldPreprocessing } from '../../../src/portable/preprocessing.js';
import type { Examples } from '../../../src/ml/engines/engine.js';

/** `count` examples of shape [2], example i being [2i, 2i + 1] with label i. */
function examples(count: number): Examples {
  return { x: Uint8Array.from({ length: 2 * count }, (_, i) => i), y: Uint8Array.from({ length: count }, (_, i) => i), count, shape: [2] };
}

t.test('parts of a data set lie on its memory', async (t) => {
  const all = examples(10);
  const part = sliceExamples(all, 3, 5);
  t.same([...part.x], [6, 7, 8, 9], 'their rows');
  t.same([...part.y], [3, 4], 'their labels');
  t.equal(part.x.buffer, all.x.buffer, 'without a copy');
  t.equal(takeExamples(all, 99).count, 10, 'no more can be taken than there are');
  t.throws(() => sliceExamples(all, 8, 11), RangeError, 'nor sliced');
});

t.test('targets of several values move with their examples', async (t) => {
  const all: Examples = { x: new Float32Array(8), y: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), count: 4, shape: [2] };
  t.same([...sliceExamples(all, 1, 3).y], [3, 4, 5, 6, 7, 8], 'three for each example');
});

t.test('the last share is held out, as Keras does', async (t) => {
  const { train, validation } = splitExamples(examples(10), 0.25);
  t.same([...train.y], [0, 1, 2, 3, 4, 5, 6], 'the first train');
  t.same([...validation.y], [7, 8, 9], 'the rest validate');
});

t.test('the spec chooses what trains and what validates', async (t) => {
  const data = { train: examples(10), test: examples(6) };
  const counts = (choice: Parameters<typeof chooseExamples>[1]) => {
    const { train, validation } = chooseExamples(data, choice);
    return [train.count, validation?.count ?? null];
  };
  t.same(counts({}), [10, 6], 'the test examples validate by default');
  t.same(counts({ validation: 'none' }), [10, null], 'or nothing');
  t.same(counts({ validation: { split: 0.5 }, take: 8 }), [4, 4], 'a split is of what was taken');
  t.same(chooseExamples(data, {}).validation?.place, { split: 'test', from: 0 }, 'they know their place in the data set');
  t.same(chooseExamples(data, { validation: { split: 0.5 }, take: 8 }).validation?.place, { split: 'train', from: 4 }, 'also when they are held out');
  t.same(counts({ take: 3 }), [3, 3], 'as many are taken of the test examples at most');
});

t.test('preprocessing is folded into one step and applied on the way', async (t) => {
  const folded = foldPreprocessing([
    { type: 'rescaling', scale: 1 / 128, offset: -1 },
    { type: 'rescaling', scale: 2 },
  ]);
  t.same(folded, { scale: 1 / 64, offset: -2 }, 'in order');
  t.same(foldPreprocessing([]), { scale: 1, offset: 0 }, 'none leaves values as they are');
  const bytes = Uint8Array.of(0, 64, 128, 255);
  const gather = rowGatherer(2, folded);
  const fromBytes = new Float32Array(4);
  gather(bytes, [1, 0], fromBytes);
  t.same([...fromBytes], [0, Math.fround(255 / 64 - 2), -2, -1], 'rows come in the order asked for');
  const fromFloats = new Float32Array(4);
  gather(Float32Array.from(bytes), [1, 0], fromFloats);
  t.same(fromFloats, fromBytes, 'bytes and floats give the same');
});
