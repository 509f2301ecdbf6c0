// Checkpoints as weights to try, and models that cannot be tried.
import t from 'tap';
import { checkpointsOf, nameOf, weightsIn } from '../../../../src/dashboard/pages/try/checkpoints.js';
import { toInput, whyNotTry } from '../../../../src/dashboard/pages/try/suits.js';
import { readSafetensors, tensorsBelow } from '../../../../src/portable/safetensors.js';

/** A safetensors file, written by hand. */
function file(header: object, ...values: number[]): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + 4 * values.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(new Uint8Array(Float32Array.from(values).buffer), 8 + text.length);
  return bytes.buffer;
}

const header = {
  __metadata__: { format: 'other' },
  'weights/dense/kernel': { dtype: 'F32', shape: [1, 2], data_offsets: [4, 12] },
  'optimizer/dense/kernel/m': { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
};

t.test('the weights of a checkpoint, by their names in the model', async (t) => {
  t.same(weightsIn(file(header, 9, 1, 2)), [{ name: 'dense/kernel', shape: [1, 2], dtype: 'float32', data: Float32Array.of(1, 2) }]);
  const { names, metadata, tensor } = readSafetensors(new Uint8Array(file(header, 9, 1, 2)));
  t.same([names, metadata], [['weights/dense/kernel', 'optimizer/dense/kernel/m'], { format: 'other' }]);
  t.throws(() => tensor('weights/none'), { name: 'CheckpointFileError', message: 'weights/none is missing' });
  t.throws(() => weightsIn(file(header, 9, 1)), { name: 'CheckpointFileError', message: /cut off/ });
  t.same(tensorsBelow(readSafetensors(new Uint8Array(file({}))), 'weights'), [], 'a file without any');
});

t.test('their places on the scrubber', async (t) => {
  const files = ['model/model.json', 'checkpoints/step-000000120.safetensors', 'checkpoints/step-000000040.safetensors', 'checkpoints/notes.txt'];
  const found = checkpointsOf(files.map((path) => ({ path, sha256: path, url: `/v1/${path}`, bytes: 1, contentType: '', createdAt: '' })));
  t.same(found.map(({ step }) => step), [40, 120], 'by step');
  const run = { progress: { totalSteps: 120, epochs: 3 }, bestEpoch: 2, keptEpoch: 3 } as unknown as Parameters<typeof nameOf>[1];
  t.equal(nameOf(found[0], run), 'epoch 1, step 40');
  t.equal(nameOf({ ...found[0]!, step: 60 }, run), 'epoch 1.5, step 60');
  t.equal(nameOf(undefined, run), 'the model, epoch 3', 'whose weights are not always the best');
  t.equal(nameOf(undefined, { ...run, keptEpoch: null }), 'the model');
});

t.test('which models can be shown a drawing', async (t) => {
  const labels = ['a', 'b'];
  t.equal(whyNotTry({ inputShape: [28, 28, 1], labels }, 'categoricalCrossentropy'), null);
  t.equal(whyNotTry({ inputShape: [28, 28], labels }, { type: 'sparseCategoricalCrossentropy', fromLogits: true }), null);
  t.match(whyNotTry({ inputShape: [32, 32, 3], labels }, 'categoricalCrossentropy'), /^It takes 32 × 32 × 3 numbers/);
  t.match(whyNotTry({ inputShape: [784], labels }, 'categoricalCrossentropy'), /^It takes 784 numbers/);
  t.match(whyNotTry({ inputShape: [28, 28, 1], labels: null }, 'categoricalCrossentropy'), /^It answers numbers/);
  t.match(whyNotTry({ inputShape: [28, 28, 1], labels }, 'meanSquaredError'), /^It answers numbers/);
  t.same([...toInput([0, 255], { preprocessing: [{ type: 'rescaling', scale: 2 }, { type: 'rescaling', scale: 1, offset: -1 }] })], [-1, 509]);
});
