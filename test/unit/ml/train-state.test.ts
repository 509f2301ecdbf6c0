// With whose weights a fork starts.
import t from 'tap';
import type { StoredTensor } from '../../../src/ml/engines/engine.js';
import { keptWeights, type TrainState } from '../../../src/ml/train-state.js';

const tensors = (value: number): StoredTensor[] => [{ name: 'w', shape: [1], dtype: 'float32', data: new Float32Array([value]) }];
const stopper = (weights: StoredTensor[] | null, stop = false) => ({ weights, state: { best: 1, bestEpoch: 1, wait: 0, stop, keep: false } });
const state = (epoch: number, stoppers: TrainState['callbacks']['stoppers'] = []): TrainState => ({
  engine: { weights: tensors(0), optimizer: [], step: 3 }, epochs: 2, epoch, batches: 0, sums: { sums: {}, count: 0 } as never, elapsedMs: 0, history: [],
  callbacks: { stoppers, plateau: {} as never, best: { epoch: null, value: null } },
});
const kept = (of: TrainState) => keptWeights(of)[0]!.data[0];

t.test('the weights that a run would have kept', async (t) => {
  t.equal(kept(state(2)), 0, 'the last ones, as they are');
  t.equal(kept(state(2, [stopper(tensors(1))])), 0, 'while it trains, even where better ones are known');
  t.equal(kept(state(3, [stopper(null), stopper(tensors(1))])), 1, 'at its end the best ones');
  t.equal(kept(state(2, [stopper(tensors(1)), stopper(tensors(2), true)])), 2, 'of the one that stopped it');
  t.equal(kept(state(3, [stopper(null)])), 0, 'or the last ones where nobody kept any');
});
