import t from 'tap';
import { graphFromModelSpec, type GraphNode } from '../../../src/ml/graph.js';
import { argumentPointer } from '../../../src/ml/graph-types.js';
import type { Layer } from '../../../src/schemas/layers.js';

const IMAGE = [28, 28, 1];
const names = (layers: Layer[]) => graphFromModelSpec({ layers }, IMAGE).graph?.nodes.map((node) => node.name);

t.test('layers get the names that Keras would give them', async (t) => {
  t.strictSame(
    names([
      { type: 'conv2d', filters: 2, kernelSize: 3 },
      { type: 'depthwiseConv2d', kernelSize: 3 },
      { type: 'maxPooling2d' },
      { type: 'batchNormalization' },
      { type: 'reLU' },
      { type: 'leakyReLU' },
      { type: 'globalAveragePooling2d' },
      { type: 'dense', units: 3 },
      { type: 'dense', units: 3 },
      { type: 'dense', units: 3 },
    ]),
    ['input', 'conv2d', 'depthwise_conv2d', 'max_pooling2d', 'batch_normalization', 're_lu', 'leaky_re_lu', 'global_average_pooling2d', 'dense', 'dense_1', 'dense_2'],
    'snake case, numbered from the second on',
  );
  t.strictSame(
    names([{ type: 'flatten', name: 'dense' }, { type: 'dense', units: 3 }, { type: 'dense', units: 3, name: 'dense_1' }]),
    ['input', 'dense', 'dense_2', 'dense_1'],
    'a given name is never taken by another layer',
  );
  t.strictSame(names([{ type: 'flatten', name: 'input' }]), ['input_1', 'input'], 'nor is it by the input');
});

t.test('a layer list is a chain from the input', async (t) => {
  const { graph, problems } = graphFromModelSpec({ layers: [{ type: 'flatten' }, { type: 'dense', units: 10 }] }, IMAGE);
  t.strictSame(problems, [], 'nothing is wrong with it');
  t.strictSame(
    graph,
    {
      nodes: [
        { name: 'input', layer: { type: 'input', shape: IMAGE }, inputs: [], pointer: '/model' },
        { name: 'flatten', layer: { type: 'flatten' }, inputs: ['input'], pointer: '/model/layers/0' },
        { name: 'dense', layer: { type: 'dense', units: 10 }, inputs: ['flatten'], pointer: '/model/layers/1' },
      ],
      input: 'input',
      output: 'dense',
    },
    'each node reads the one before it and knows its place in the spec',
  );
});

t.test('an input layer may come first and must fit the data set', async (t) => {
  const fine = graphFromModelSpec({ layers: [{ type: 'input', shape: [28, 28, 1], name: 'image' }, { type: 'flatten' }] }, IMAGE);
  t.strictSame(fine.problems, [], 'the right shape passes');
  t.equal(fine.graph?.input, 'image', 'and keeps its name');
  const wrong = graphFromModelSpec({ layers: [{ type: 'input', shape: [784] }, { type: 'flatten' }, { type: 'input', shape: [1] }] }, IMAGE);
  t.strictSame(
    wrong.problems.map((problem) => problem.pointer),
    ['/model/layers/0/shape', '/model/layers/2/type'],
    'a wrong shape and a second input are both reported',
  );
  const alone = graphFromModelSpec({ layers: [{ type: 'input', shape: IMAGE }] }, IMAGE);
  t.equal(alone.graph, null, 'an input alone is no model');
  t.equal(alone.problems[0]?.pointer, '/model/layers', 'which is said of the list');
});

t.test('a name used twice is reported and leaves a usable graph', async (t) => {
  const { graph, problems } = graphFromModelSpec({ layers: [{ type: 'flatten', name: 'a' }, { type: 'dense', units: 2, name: 'a' }] }, IMAGE);
  t.strictSame(problems, [{ pointer: '/model/layers/1/name', detail: 'another layer is named "a" already' }], 'the second one is at fault');
  t.strictSame(graph?.nodes.map((node) => node.name), ['input', 'a', 'dense'], 'the second one goes by its automatic name');
});

t.test('arguments have pointers in both forms of a model', async (t) => {
  const node: GraphNode = { name: 'c', layer: { type: 'conv2d', filters: 1, kernelSize: 3 }, inputs: [], pointer: '/model/layers/2' };
  t.equal(argumentPointer(node, 'kernelSize'), '/model/layers/2/kernelSize', 'camel case in a layer list');
  t.equal(argumentPointer(node, 'padding'), '/model/layers/2', 'an argument that is not given points at its layer');
  const inTopology = { ...node, pointer: '/model/topology/config/layers/3' };
  t.equal(argumentPointer(inTopology, 'kernelSize'), '/model/topology/config/layers/3/config/kernel_size', 'snake case in a config');
});
