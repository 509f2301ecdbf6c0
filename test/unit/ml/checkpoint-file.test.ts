// A training state as a file: all of it comes back, and what is no such file is said to be none.
import t from 'tap';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/ml/checkpoint-file.js';
import type { StoredTensor } from '../../../src/ml/engines/engine.js';
import type { TrainState } from '../../../src/ml/train-state.js';
import { CheckpointFileError } from '../../../src/portable/safetensors.js';

const tensor = (name: string, values: number[]): StoredTensor => ({ name, shape: [1, values.length], dtype: 'float32', data: Float32Array.from(values) });
const state: TrainState = {
  engine: { weights: [tensor('dense/kernel', [1, -0, NaN]), tensor('dense/bias', [])], optimizer: [tensor('dense/kernel/m', [Infinity, 1e-45, 3])], step: 7 },
  epochs: 5, epoch: 2, batches: 3, elapsedMs: 12.5,
  sums: { examples: 12, metrics: { loss: 0.1 + 0.2, accuracy: -Infinity } },
  callbacks: {
    stoppers: [
      { state: { best: null, bestEpoch: null, wait: 0, stop: false, keep: false }, weights: null },
      { state: { best: NaN, bestEpoch: 1, wait: 2, stop: true, keep: true }, weights: [tensor('dense/kernel', [4, 5, 6])] },
    ],
    plateau: { rate: 0.001, best: Infinity, wait: 1, cooldown: 0 },
    best: { epoch: 1, value: 0.25 },
  },
  history: [{ loss: NaN, val_loss: 2 }],
};
const bytes = Buffer.concat(encodeCheckpoint(state));

t.test('all of it comes back', async (t) => {
  t.strictSame(decodeCheckpoint(bytes), state, 'from a Buffer');
  const odd = new Uint8Array(bytes.length + 1);
  odd.set(bytes, 1);
  t.strictSame(decodeCheckpoint(odd.subarray(1)), state, 'and from an odd place in a larger array');
  t.ok(Object.is(decodeCheckpoint(bytes).engine.weights[0]!.data[1], -0), 'to the sign of a zero');
});

t.test('it is a safetensors file', async (t) => {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  t.equal(length % 8, 0, 'tensors are aligned');
  const { __metadata__: metadata, ...entries } = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, Record<string, unknown>>;
  t.ok(Object.values(metadata!).every((value) => typeof value === 'string'), 'metadata are texts, as the format wants');
  t.strictSame(entries['weights/dense/kernel'], { dtype: 'F32', shape: [1, 3], data_offsets: [0, 12] }, 'a tensor has its type, shape and place');
  const ends = Object.values(entries).map((entry) => (entry.data_offsets as [number, number])[1]);
  t.equal(Math.max(...ends), bytes.length - 8 - length, 'and the places fill the file');
});

t.test('what is no such file is refused', async (t) => {
  const damaged = (change: (copy: Buffer) => Buffer): void => void decodeCheckpoint(change(Buffer.from(bytes)));
  const cases: [string, (copy: Buffer) => Buffer, RegExp][] = [
    ['nothing', () => Buffer.alloc(0), /too short/],
    ['another kind of file', () => Buffer.from('PK\x03\x04 some archive of another kind'), /within its header/],
    ['a file cut off in its header', (copy) => copy.subarray(0, 40), /within its header/],
    ['a file cut off in a tensor', (copy) => copy.subarray(0, -1), /cut off/],
    ['a header that is no JSON', (copy) => (copy.fill('x', 8, 20), copy), /no JSON/],
    ['another version', (copy) => Buffer.from(copy.toString('latin1').replace('"version":"1"', '"version":"9"'), 'latin1'), /no checkpoint of this version/],
    ['a type that training does not have', (copy) => Buffer.from(copy.toString('latin1').replace('"F32"', '"F16"'), 'latin1'), /type F16/],
  ];
  for (const [name, change, message] of cases) {
    t.throws(() => damaged(change), CheckpointFileError, name);
    t.throws(() => damaged(change), message, 'and why');
  }
});
