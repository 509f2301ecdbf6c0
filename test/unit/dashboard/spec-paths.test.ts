// Specs by their paths, and in what several differ.
import t from 'tap';
import type { Run } from '../../../src/dashboard/api/types.js';
import { pathsOf, sameBut, scalarAt, scalarsOf, shortPath } from '../../../src/dashboard/lib/spec-paths.js';
import { differencesOf, labelsOf } from '../../../src/dashboard/pages/compare/differences.js';

const spec = (more: object = {}) => ({ name: 'a', tags: ['x'], optimizer: { type: 'sgd', learningRate: 0.1 }, fit: { batchSize: 32, epochs: 2 }, model: { layers: [{ type: 'dense', units: 10, kernelSize: [3, 3] }] }, ...more });
const run = (id: string, name: string, more: object = {}) => ({ id, name, spec: spec(more) }) as unknown as Run;

t.test('a spec is the scalars at its paths', async (t) => {
  t.same([...scalarsOf(spec())].slice(1), [['tags', 'x'], ['optimizer.type', 'sgd'], ['optimizer.learningRate', 0.1], ['fit.batchSize', 32], ['fit.epochs', 2], ['model.layers.0.type', 'dense'], ['model.layers.0.units', 10], ['model.layers.0.kernelSize', '3, 3']]);
  t.same(['fit.batchSize', 'model.layers.0.units', 'model.layers.0.kernelSize', 'model.layers', 'fit.seed', 'fit.constructor', 'x.y.z'].map((path) => scalarAt(spec(), path)), [32, 10, '3, 3', null, null, null, null]);
  t.equal(scalarAt({ topology: 'x'.repeat(500) }, 'topology'), null, 'a text is nothing to compare');
  t.same(['fit.batchSize', 'optimizer.type', 'model.layers.2.rate', 'dataset.name', 'loss'].map(shortPath), ['batchSize', 'optimizer', 'layers.2.rate', 'dataset', 'loss']);
  t.same(pathsOf([spec(), spec({ fit: { batchSize: 1, seed: 3 } })]).slice(0, 3), ['optimizer.type', 'optimizer.learningRate', 'fit.batchSize'], 'without what it is called');
});

t.test('specs that differ in nothing but the seed, and their names, are the same', async (t) => {
  const key = (more: object) => sameBut(spec(more), ['fit.seed']);
  t.equal(key({ name: 'b', tags: [], fit: { epochs: 2, batchSize: 32, seed: 7 } }), key({}), 'also in another order');
  t.not(key({ fit: { batchSize: 64, epochs: 2, seed: 7 } }), key({}));
  t.not(key({ model: { layers: [{ type: 'dense', units: 11, kernelSize: [3, 3] }] } }), key({}));
});

t.test('only that is told in which runs differ', async (t) => {
  const runs = [run('1', 'a'), run('2', 'b', { optimizer: { type: 'adam' } }), run('3', 'b', { fit: { batchSize: 32, epochs: 2, seed: 1 } })];
  const differences = differencesOf(runs);
  t.same(differences, [{ path: 'optimizer.type', values: ['sgd', 'adam', 'sgd'] }, { path: 'optimizer.learningRate', values: [0.1, null, 0.1] }, { path: 'fit.seed', values: [null, null, 1] }]);
  t.same(differencesOf(runs.slice(0, 1)), []);
  t.same([...labelsOf(runs, differences).values()], ['a', 'b (optimizer adam)', 'b (optimizer sgd, learningRate 0.1)'], 'runs of one name are told apart');
  const twins = [run('00001111', 'a'), run('00002222', 'a')];
  t.same([...labelsOf(twins, differencesOf(twins)).values()], ['a 1111', 'a 2222']);
});
