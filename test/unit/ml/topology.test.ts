import * as tfl from '@tensorflow/tfjs-layers';
import t from 'tap';
import { graphFromModelSpec } from '../../../src/ml/graph.js';
import { useCpu } from '../../helpers/ml.js';
import { KERAS_3_FUNCTIONAL, KERAS_3_NESTED, KERAS_3_OPERATION, KERAS_3_SEQUENTIAL, KERAS_3_SHARED } from './topology-keras3.fixture.js';

type Json = Record<string, unknown>;

const IMAGE = [28, 28, 1];
const read = (topology: Json, inputShape: readonly number[] = IMAGE) => graphFromModelSpec({ topology }, inputShape);
const layersOf = (topology: Json, inputShape?: readonly number[]) => read(topology, inputShape).graph?.nodes.map((node) => node.layer);
const pointersOf = (topology: Json, inputShape?: readonly number[]) => read(topology, inputShape).problems.map((problem) => problem.pointer);

/** A Sequential of Keras 2 form. */
const sequential = (...layers: [string, Json][]): Json => ({
  class_name: 'Sequential',
  config: { name: 's', layers: layers.map(([class_name, config], index) => ({ class_name, config: { name: `l${index}`, ...config } })) },
  keras_version: '2.15.0',
});

/** A functional model of Keras 2 form: each layer with the names of those it reads. */
const functional = (layers: [string, string, Json, string[]][], { input = layers[0]?.[0], output = layers.at(-1)?.[0] }: { input?: string; output?: string } = {}): Json => ({
  class_name: 'Functional',
  config: {
    name: 'm',
    layers: layers.map(([name, class_name, config, inputs]) => ({
      class_name, name, config: { name, ...config },
      inbound_nodes: inputs.length === 0 ? [] : [inputs.map((from) => [from, 0, 0, {}])],
    })),
    input_layers: [[input, 0, 0]],
    output_layers: [[output, 0, 0]],
  },
});

t.test('a Sequential of Keras 3 becomes a chain of layers', async (t) => {
  t.strictSame(read(KERAS_3_SEQUENTIAL).problems, [], 'arguments at their defaults are no problem');
  t.strictSame(layersOf(KERAS_3_SEQUENTIAL)?.slice(1), [
    { type: 'conv2d', filters: 6, kernelSize: [3, 3], dilationRate: [1, 1], padding: 'same', strides: [1, 1], useBias: false, activation: 'relu', biasInitializer: 'zeros', kernelInitializer: 'heNormal', kernelRegularizer: { l2: 0.01 } },
    { type: 'batchNormalization', axis: -1, epsilon: 0.001, center: true, scale: true, betaInitializer: 'zeros', gammaInitializer: 'ones', momentum: 0.99, movingMeanInitializer: 'zeros', movingVarianceInitializer: 'ones' },
    { type: 'maxPooling2d', poolSize: [2, 2], padding: 'valid', strides: [2, 2] },
    { type: 'layerNormalization', axis: -1, epsilon: 0.001, center: true, scale: true, betaInitializer: 'zeros', gammaInitializer: 'ones' },
    { type: 'leakyReLU', alpha: 0.3 },
    { type: 'reLU', maxValue: 6 },
    { type: 'elu' },
    { type: 'dropout', rate: 0.3 },
    { type: 'flatten' },
    { type: 'dense', units: 10, useBias: true, activation: 'softmax', biasInitializer: 'zeros', kernelInitializer: 'glorotUniform', kernelRegularizer: { l1: 0.1, l2: 0.2 } },
  ], 'every argument is carried over in camel case');
  t.strictSame(read(KERAS_3_SEQUENTIAL).graph?.nodes.map((node) => node.name).slice(0, 3), ['input_layer', 'conv2d', 'batch_normalization'], 'names are kept');
});

t.test('a functional model of Keras 3 keeps its branches', async (t) => {
  const { graph, problems } = read(KERAS_3_FUNCTIONAL);
  t.strictSame(problems, [], 'it is read without a fault');
  t.strictSame([graph?.input, graph?.output], ['image', 'softmax'], 'input and output are the named ones');
  const inputs = Object.fromEntries(graph?.nodes.map((node) => [node.name, node.inputs]) ?? []);
  t.match(inputs, { a: ['image'], b: ['image'], c: ['image'], sum: ['a', 'b'], cat: ['sum', 'c'] }, 'links are in the order of the arguments');
});

t.test('what cannot be had as a graph of ours is refused in its place', async (t) => {
  t.strictSame(pointersOf(KERAS_3_OPERATION, [4]), ['/model/topology/config/layers/3/module'], 'an operation instead of a layer');
  t.strictSame(pointersOf(KERAS_3_NESTED, [4]), ['/model/topology/config/layers/1/class_name'], 'a nested model');
  t.match(read(KERAS_3_NESTED, [4]).problems[0]?.detail, /nested models/, 'which is said');
  t.strictSame(pointersOf(KERAS_3_SHARED, [4]), ['/model/topology/config/output_layers'], 'a shared layer');
  t.strictSame(pointersOf(sequential(['LSTM', { units: 3 }], ['Dense', { units: 2 }])), ['/model/topology/config/layers/0/class_name'], 'a class that is not known');
  t.match(read(sequential(['Rescaling', { scale: 0.1 }])).problems[0]?.detail, /dataset\.preprocessing/, 'with advice where there is one');
  t.strictSame(pointersOf({ class_name: 'MyModel', config: {} }), ['/model/topology/class_name'], 'a subclassed model');
  t.strictSame(pointersOf({}), ['/model/topology/class_name'], 'no topology at all');
  t.strictSame(pointersOf({ class_name: 'Sequential', config: {} }), ['/model/topology/config/layers'], 'no layers');
  t.strictSame(pointersOf({ class_name: 'Sequential', config: { layers: [] } }), ['/model/topology/config/layers'], 'an empty model');
  t.strictSame(pointersOf({ class_name: 'Sequential', config: { layers: [null] } }), ['/model/topology/config/layers/0'], 'a layer that is none');
});

t.test('wrappers are looked through, and pointers count them', async (t) => {
  const bad = sequential(['Dense', { units: 0 }]);
  t.strictSame(pointersOf({ modelTopology: bad }), ['/model/topology/modelTopology/config/layers/0/config/units'], "a TF.js model.json's");
  t.strictSame(pointersOf({ model_config: bad }), ['/model/topology/model_config/config/layers/0/config/units'], "a converted HDF5 file's");
  t.strictSame(
    pointersOf({ modelTopology: { keras_version: '2.4.0', model_config: bad } }),
    ['/model/topology/modelTopology/model_config/config/layers/0/config/units'],
    'and both',
  );
  t.strictSame(pointersOf({ class_name: 'Sequential', config: [{ class_name: 'Dense', config: { name: 'd', units: 0 } }] }), ['/model/topology/config/0/config/units'], 'the oldest form has a bare list');
});

t.test('no argument is dropped in silence', async (t) => {
  const at = (className: string, config: Json) => pointersOf(sequential([className, config])).map((pointer) => pointer.replace('/model/topology/config/layers/0/config/', ''));
  const conv = { filters: 2, kernel_size: [3, 3] };
  const faults: [string, string, Json, string[]][] = [
    ['grouped convolutions', 'Conv2D', { ...conv, groups: 2 }, ['groups']],
    ['channels first', 'Conv2D', { ...conv, data_format: 'channels_first' }, ['data_format']],
    ['frozen layers', 'Dense', { units: 2, trainable: false }, ['trainable']],
    ['half precision', 'Dense', { units: 2, dtype: 'float16' }, ['dtype']],
    ['constraints', 'Dense', { units: 2, kernel_constraint: { class_name: 'MaxNorm', config: {} } }, ['kernel_constraint']],
    ['unknown arguments', 'Dense', { units: 2, 'a/b': 1 }, ['a~1b']],
    ['noise shapes', 'Dropout', { rate: 0.5, noise_shape: [1, 2] }, ['noise_shape']],
    ['two normalized axes', 'LayerNormalization', { axis: [1, 2] }, ['axis']],
    ['custom activations', 'Activation', { activation: 'my_function' }, ['activation']],
    ['unknown initializers', 'Dense', { units: 2, kernel_initializer: { class_name: 'Mine', config: {} } }, ['kernel_initializer']],
    ['untruncated scaling', 'Dense', { units: 2, kernel_initializer: { class_name: 'VarianceScaling', config: { distribution: 'untruncated_normal' } } }, ['kernel_initializer']],
    ['unknown regularizers', 'Dense', { units: 2, kernel_regularizer: { class_name: 'OrthogonalRegularizer', config: {} } }, ['kernel_regularizer']],
    ['missing and wrong sizes', 'Conv2D', { filters: 'many' }, ['filters', 'kernel_size']],
    ['a wrong declared shape', 'Dense', { units: 2, batch_input_shape: [null, 784] }, ['batch_input_shape']],
    ['a slope below zero', 'ReLU', { negative_slope: 0.1 }, ['negative_slope']],
    ['no fault: harmless ones', 'Conv2D', { ...conv, groups: 1, trainable: true, dtype: 'float32', data_format: 'channels_last', kernel_constraint: null, activity_regularizer: null, batch_input_shape: [null, null, 28, 1] }, []],
  ];
  for (const [what, className, config, places] of faults) t.strictSame(at(className, config), places, what);
});

t.test('a free axis is -1 to Keras and null to TF.js', async (t) => {
  const reshape = (size: number | null) => layersOf(sequential(['Reshape', { target_shape: [4, size] }]))?.[1];
  t.strictSame(reshape(-1), { type: 'reshape', targetShape: [4, -1] }, "Keras' form");
  t.strictSame(reshape(null), { type: 'reshape', targetShape: [4, -1] }, "TF.js' form");
});

t.test('Keras 3 means another function by hard_sigmoid', async (t) => {
  const dense = sequential(['Activation', { activation: 'hard_sigmoid' }], ['Activation', { activation: 'silu' }]);
  t.strictSame(layersOf(dense)?.slice(1), [{ type: 'activation', activation: 'hardSigmoid' }, { type: 'activation', activation: 'swish' }], "Keras 2's is ours");
  t.strictSame(pointersOf({ ...dense, keras_version: '3.0.0' }), ['/model/topology/config/layers/0/config/activation'], "Keras 3's is refused");
});

t.test('initializers and regularizers come in many forms', async (t) => {
  const dense = (config: Json) => layersOf(sequential(['Dense', { units: 2, ...config }]))?.[1];
  t.match(dense({ kernel_initializer: 'he_normal' }), { kernelInitializer: 'heNormal' }, 'a name');
  t.match(dense({ kernel_initializer: { class_name: 'lecun_uniform', config: { seed: 3 } } }), { kernelInitializer: { type: 'leCunUniform', seed: 3 } }, 'a name with a seed');
  t.match(
    dense({ kernel_initializer: { class_name: 'VarianceScaling', config: { scale: 2, mode: 'fan_out', distribution: 'truncated_normal', seed: null } } }),
    { kernelInitializer: { type: 'varianceScaling', scale: 2, mode: 'fanOut', distribution: 'truncatedNormal' } },
    'words in snake case',
  );
  t.match(dense({ bias_initializer: { class_name: 'Constant', config: { value: 0.1 } } }), { biasInitializer: { type: 'constant', value: 0.1 } }, 'a constant');
  t.match(dense({ kernel_regularizer: { class_name: 'L1L2', config: { l1: 0, l2: 0.5 } } }), { kernelRegularizer: { l2: 0.5 } }, 'a factor of zero is left out');
  t.match(dense({ kernel_regularizer: 'l1_l2' }), { kernelRegularizer: { l1: 0.01, l2: 0.01 } }, "a bare name has Keras' default factor");
});

t.test('a functional graph must be one connected way from input to output', async (t) => {
  const input: [string, string, Json, string[]] = ['i', 'InputLayer', { batch_input_shape: [null, 4] }, []];
  const dense = (name: string, ...inputs: string[]): [string, string, Json, string[]] => [name, 'Dense', { units: 4 }, inputs];
  const add = (name: string, ...inputs: string[]): [string, string, Json, string[]] => [name, 'Add', {}, inputs];
  const at = (...args: Parameters<typeof functional>) => pointersOf(functional(...args), [4]).map((pointer) => pointer.replace('/model/topology/config/', ''));
  t.strictSame(at([input, dense('a', 'i'), add('s', 'a', 'i')]), [], 'a residual block is fine');
  t.strictSame(read(functional([input, add('s', 'a', 'i'), dense('a', 'i')], { output: 's' }), [4]).graph?.nodes.map((node) => node.name), ['i', 'a', 's'], 'layers are put in order');
  t.strictSame(at([input, dense('a', 'i'), dense('b', 'i')]), ['layers/1'], 'a layer beside the way');
  t.strictSame(at([input, dense('a', 'x')]), ['layers/1/inbound_nodes'], 'a link to nowhere');
  t.strictSame(at([input, dense('a', 'i', 'i')]), ['layers/1/inbound_nodes'], 'two inputs to a dense layer');
  t.strictSame(at([input, add('s', 'i')]), ['layers/1/inbound_nodes'], 'one input to an addition');
  t.strictSame(at([input, add('a', 'i', 'b'), dense('b', 'a')]), ['layers'], 'a circle');
  t.strictSame(at([input, ['j', 'InputLayer', { batch_input_shape: [null, 4] }, []], add('s', 'i', 'j')]), ['layers/1'], 'a second input');
  t.strictSame(at([input, dense('a', 'i'), dense('a', 'i')]), ['layers/2/config/name'], 'a name used twice');
  t.strictSame(at([input, dense('a', 'i')], { output: 'z' }), ['output_layers'], 'an output that is not there');
});

t.test('what TF.js writes is read again', async (t) => {
  await useCpu();
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [8, 8, 1], filters: 2, kernelSize: 3, activation: 'relu', kernelRegularizer: tfl.regularizers.l2({ l2: 0.1 }) }),
      tfl.layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 }),
      tfl.layers.separableConv2d({ filters: 3, kernelSize: 2, padding: 'same' }),
      tfl.layers.batchNormalization({ momentum: 0.9 }),
      tfl.layers.layerNormalization(),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.reLU({ maxValue: 6 }),
      tfl.layers.leakyReLU({ alpha: 0.2 }),
      tfl.layers.elu(),
      tfl.layers.flatten(),
      tfl.layers.reshape({ targetShape: [3, 4] }),
      tfl.layers.dropout({ rate: 0.2 }),
      tfl.layers.dense({ units: 4, activation: 'hardSigmoid', kernelInitializer: 'varianceScaling' }),
    ],
  });
  const { graph, problems } = read(model.toJSON(null, false) as unknown as Json, [8, 8, 1]);
  t.strictSame(problems, [], 'a Sequential, every layer of it');
  t.match(graph?.nodes.map((node) => node.layer), [
    { type: 'input' },
    { type: 'conv2d', filters: 2, kernelRegularizer: { l2: 0.1 } },
    { type: 'depthwiseConv2d', depthMultiplier: 2 },
    { type: 'separableConv2d', padding: 'same' },
    { type: 'batchNormalization', momentum: 0.9 },
    { type: 'layerNormalization' },
    { type: 'maxPooling2d', poolSize: [2, 2] },
    { type: 'reLU', maxValue: 6 },
    { type: 'leakyReLU', alpha: 0.2 },
    { type: 'elu' },
    { type: 'flatten' },
    { type: 'reshape', targetShape: [3, 4] },
    { type: 'dropout', rate: 0.2 },
    { type: 'dense', activation: 'hardSigmoid' },
  ], 'with its arguments');
  const input = tfl.input({ shape: [4] });
  const a = tfl.layers.dense({ units: 4 }).apply(input) as tfl.SymbolicTensor;
  const joined = tfl.layers.concatenate({ axis: -1 }).apply([input, a]) as tfl.SymbolicTensor;
  const branched = read(tfl.model({ inputs: input, outputs: joined }).toJSON(null, false) as unknown as Json, [4]);
  t.strictSame(branched.problems, [], 'a functional model');
  t.equal(branched.graph?.nodes.at(-1)?.inputs.length, 2, 'with its branches');
});
