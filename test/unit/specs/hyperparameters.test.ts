import t from 'tap';
import { flattenHyperparameters } from '../../../src/specs/hyperparameters.js';
import { validSpec } from './specs.fixture.js';

const columns = (...args: Parameters<typeof validSpec>) => Object.fromEntries(flattenHyperparameters(validSpec(...args)).map(({ key, value }) => [key, value]));

t.test('a spec becomes columns by path, with the defaults that matter', async (t) => {
  t.strictSame(
    columns({ optimizer: { type: 'sgd' }, name: 'not a hyperparameter' }),
    {
      'dataset.name': 'mnist', 'dataset.validation': 'test',
      'optimizer.type': 'sgd', 'optimizer.learningRate': 0.01,
      'schedule.type': 'constant',
      loss: 'categoricalCrossentropy', 'loss.fromLogits': false, metrics: 'accuracy',
      'fit.batchSize': 128, 'fit.epochs': 5, 'fit.seed': 42, 'fit.shuffle': true,
      'model.layerCount': 2,
      'model.layers.0.type': 'flatten',
      'model.layers.1.type': 'dense', 'model.layers.1.units': 10, 'model.layers.1.activation': 'softmax',
    },
    'names and tags are not among them',
  );
});

t.test('nested arguments keep their path', async (t) => {
  t.match(
    columns({
      dataset: { name: 'mnist', validation: { split: 0.1 }, preprocessing: [{ type: 'rescaling', scale: 2 }] },
      model: { layers: [{ type: 'conv2d', filters: 1, kernelSize: [3, 5], kernelInitializer: { type: 'constant', value: 0 } }] },
      callbacks: [{ type: 'earlyStopping', patience: 3 }],
      resources: { device: 'cpu' },
    }),
    {
      'dataset.validation.split': 0.1, 'dataset.preprocessing.0.scale': 2,
      'model.layers.0.kernelSize': '3,5', 'model.layers.0.kernelInitializer.value': 0,
      'callbacks.0.patience': 3, 'resources.device': 'cpu',
    },
    'pairs are one text',
  );
});

t.test('endless models make a bounded number of columns', async (t) => {
  const layers = Array.from({ length: 1000 }, () => ({ type: 'flatten' as const }));
  t.equal(flattenHyperparameters(validSpec({ model: { layers } })).length, 500, 'at most 500');
  t.match(columns({ model: { topology: { class_name: 'Functional' } } }), { 'model.topology': 'Functional' }, 'a topology is one');
});
