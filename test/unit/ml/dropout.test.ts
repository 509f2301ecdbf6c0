import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import t from 'tap';
import { dropoutMask, SeededDropout, SteppedDropout } from '../../../src/ml/dropout.js';
import { near, useCpu } from '../../helpers/ml.js';

t.before(useCpu);

t.test('a mask drops the rate and scales up the rest', async (t) => {
  const mask = dropoutMask(20_000, 0.25, { seed: 1, step: 0, layer: 3 });
  const dropped = mask.filter((value) => value === 0).length / mask.length;
  t.ok(Math.abs(dropped - 0.25) < 0.0125, `a quarter is dropped (${dropped})`);
  t.ok(mask.every((value) => value === 0 || value === Math.fround(4 / 3)), 'the rest is scaled by 1 / (1 - rate)');
  t.ok(dropoutMask(100, 0, { seed: 1, step: 0, layer: 0 }).every((value) => value === 1), 'a rate of 0 drops nothing');
});

t.test('a mask belongs to its seed, step and layer', async (t) => {
  const at = { seed: 1, step: 5, layer: 2 };
  const mask = dropoutMask(64, 0.5, at);
  t.same(dropoutMask(64, 0.5, at), mask, 'the same again');
  t.notSame(dropoutMask(64, 0.5, { ...at, seed: 2 }), mask, 'another seed');
  t.notSame(dropoutMask(64, 0.5, { ...at, step: 6 }), mask, 'another step');
  t.notSame(dropoutMask(64, 0.5, { ...at, layer: 3 }), mask, 'another layer');
  t.same(dropoutMask(24, 0.5, { ...at, from: 40 }), mask.subarray(40), 'and a part of it is drawn by itself');
});

t.test('the layer drops in training only', async (t) => {
  const source = new SteppedDropout(1);
  source.step = 4;
  const layer = new SeededDropout({ name: 'drop', rate: 0.5, source, index: 2 });
  const x = tf.ones([3, 8]);
  const values = (y: unknown): Float32Array => (y as tf.Tensor).dataSync() as Float32Array;
  near(t, values(layer.apply(x, { training: true })), dropoutMask(24, 0.5, { seed: 1, step: source.step, layer: 2 }), { message: 'by the mask of the step' });
  near(t, values(layer.apply(x)), new Float32Array(24).fill(1), { message: 'and is the identity otherwise' });
  source.step = 5;
  near(t, values(layer.apply(x, { training: true })), dropoutMask(24, 0.5, { seed: 1, step: source.step, layer: 2 }), { message: 'it follows the step' });
  source.firstExample = 1;
  near(t, values(layer.apply(tf.ones([2, 8]), { training: true })), dropoutMask(24, 0.5, { seed: 1, step: source.step, layer: 2 }).subarray(8), { message: 'and the place in the batch' });
});

t.test('on disk it is the Dropout of Keras', async (t) => {
  const input = tfl.input({ shape: [4] });
  const layer = new SeededDropout({ name: 'drop', rate: 0.5, source: new SteppedDropout(1), index: 1 });
  const model = tfl.model({ inputs: input, outputs: layer.apply(input) as tfl.SymbolicTensor });
  const loaded = await tfl.models.modelFromJSON(JSON.parse(model.toJSON() as string));
  t.equal(loaded.getLayer('drop').getClassName(), 'Dropout', 'plain TF.js knows the class');
  t.equal(loaded.getLayer('drop').getConfig()['rate'], 0.5, 'and its rate');
});
