import fc from 'fast-check';
import t from 'tap';
import { graphFromModelSpec, type Shape } from '../../../src/ml/graph.js';
import { inferShapes } from '../../../src/ml/layer-shapes.js';
import type { Layer } from '../../../src/schemas/layers.js';

function infer(layers: Layer[], inputShape: Shape = [28, 28, 1]) {
  const { graph } = graphFromModelSpec({ layers }, inputShape);
  if (graph === null) throw new Error('no graph');
  return inferShapes(graph, inputShape);
}
const last = (layers: Layer[], inputShape?: Shape) => infer(layers, inputShape).layers.at(-1);
const problems = (layers: Layer[], inputShape?: Shape) => infer(layers, inputShape).problems;
const parameters = (layers: Layer[], inputShape?: Shape) => infer(layers, inputShape).layers.reduce((sum, layer) => sum + layer.parameterCount, 0);

t.test('parameter counts are those that Keras prints for well-known models', async (t) => {
  t.equal(
    parameters([
      { type: 'conv2d', filters: 32, kernelSize: 3, activation: 'relu' },
      { type: 'maxPooling2d', poolSize: 2 },
      { type: 'conv2d', filters: 64, kernelSize: 3, activation: 'relu' },
      { type: 'maxPooling2d', poolSize: 2 },
      { type: 'flatten' },
      { type: 'dropout', rate: 0.5 },
      { type: 'dense', units: 10, activation: 'softmax' },
    ]),
    34_826,
    "Keras' simple MNIST convnet",
  );
  t.equal(
    parameters([
      { type: 'conv2d', filters: 6, kernelSize: 5, padding: 'same' },
      { type: 'averagePooling2d' },
      { type: 'conv2d', filters: 16, kernelSize: 5 },
      { type: 'averagePooling2d' },
      { type: 'flatten' },
      { type: 'dense', units: 120 },
      { type: 'dense', units: 84 },
      { type: 'dense', units: 10 },
    ]),
    61_706,
    'LeNet-5',
  );
  const vggBlock = (filters: number, count: number): Layer[] => [
    ...Array.from({ length: count }, (): Layer => ({ type: 'conv2d', filters, kernelSize: 3, padding: 'same' })),
    { type: 'maxPooling2d' },
  ];
  t.equal(
    parameters(
      [
        ...vggBlock(64, 2), ...vggBlock(128, 2), ...vggBlock(256, 3), ...vggBlock(512, 3), ...vggBlock(512, 3),
        { type: 'flatten' }, { type: 'dense', units: 4096 }, { type: 'dense', units: 4096 }, { type: 'dense', units: 1000 },
      ],
      [224, 224, 3],
    ),
    138_357_544,
    'VGG16',
  );
});

t.test('each kind of weight is counted', async (t) => {
  t.match(last([{ type: 'separableConv2d', filters: 5, kernelSize: [3, 2], depthMultiplier: 2 }], [8, 8, 3]), {
    outputShape: [6, 7, 5],
    weights: [
      { name: 'separable_conv2d/depthwise_kernel', shape: [3, 2, 3, 2] },
      { name: 'separable_conv2d/pointwise_kernel', shape: [1, 1, 6, 5] },
      { name: 'separable_conv2d/bias', shape: [5] },
    ],
    parameterCount: 36 + 30 + 5,
  }, 'a separable convolution has a kernel for each half');
  t.match(last([{ type: 'depthwiseConv2d', kernelSize: 3, depthMultiplier: 2, useBias: false }], [8, 8, 3]), { outputShape: [6, 6, 6], parameterCount: 54 }, 'a depthwise convolution multiplies channels');
  t.match(last([{ type: 'batchNormalization', scale: false }], [8, 8, 3]), { parameterCount: 9, trainableParameterCount: 3 }, 'moving averages are not trained');
  t.match(last([{ type: 'batchNormalization', axis: 1 }], [8, 4, 3]), { parameterCount: 32 }, 'axis 1 is the first after the batch');
  t.match(last([{ type: 'layerNormalization' }], [8, 8, 3]), { parameterCount: 6, trainableParameterCount: 6 }, 'layer normalization keeps no averages');
  t.match(last([{ type: 'dense', units: 7, useBias: false }], [4, 5]), { outputShape: [4, 7], parameterCount: 35 }, 'a dense layer works on the last axis');
  t.match(last([{ type: 'reshape', targetShape: [7, -1] }]), { outputShape: [7, 112] }, 'a free axis takes what is left');
  t.match(last([{ type: 'globalMaxPooling2d' }], [8, 8, 3]), { outputShape: [3] }, 'global pooling leaves the channels');
  t.match(last([{ type: 'maxPooling2d', poolSize: 3, strides: 2, padding: 'same' }], [7, 8, 3]), { outputShape: [4, 4, 3] }, 'padding "same" rounds up');
  t.match(last([{ type: 'averagePooling2d', poolSize: [3, 2] }], [7, 8, 3]), { outputShape: [2, 4, 3] }, 'a pool steps by its own size');
  t.equal(last([{ type: 'conv2d', filters: 12, kernelSize: 3, padding: 'same' }])?.flops, 2 * 9 * 12 * 28 * 28, 'a convolution costs its kernel at every place');
});

t.test('stacks of valid convolutions shrink by the textbook formula', async (t) => {
  const step = fc.record({ kernel: fc.integer({ min: 1, max: 7 }), stride: fc.integer({ min: 1, max: 3 }), same: fc.boolean(), filters: fc.integer({ min: 1, max: 64 }) });
  const stacks = fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 64 }), (steps, size) => {
    const layers = steps.map(({ kernel, stride, same, filters }): Layer => ({ type: 'conv2d', filters, kernelSize: kernel, strides: stride, padding: same ? 'same' : 'valid' }));
    const { layers: inferred, problems } = infer(layers, [size, size, 3]);
    let expected = size;
    let channels = 3;
    for (const [index, { kernel, stride, same, filters }] of steps.entries()) {
      if (!same && kernel > expected) {
        if (problems[0]?.pointer !== `/model/layers/${index}/kernelSize`) throw new Error(`the kernel of ${index} does not fit`);
        return;
      }
      expected = Math.floor((same ? expected - 1 : expected - kernel) / stride) + 1;
      if (inferred[index + 1]?.outputShape?.join() !== [expected, expected, filters].join()) throw new Error(`layer ${index}`);
      if (inferred[index + 1]?.parameterCount !== (kernel * kernel * channels + 1) * filters) throw new Error(`parameters of ${index}`);
      channels = filters;
    }
    if (problems.length > 0) throw new Error(problems[0]?.detail);
  });
  t.doesNotThrow(() => fc.assert(stacks, { numRuns: 300, seed: 7 }), 'shapes and parameters agree, and the first kernel that does not fit is named');
});

t.test('a fault is reported at the argument that makes it', async (t) => {
  const image = [28, 28, 1];
  const faults: [string, Layer[], Shape, string[]][] = [
    ['a kernel larger than the image', [{ type: 'conv2d', filters: 1, kernelSize: 29 }], image, ['0/kernelSize']],
    ['a pool wider than the image', [{ type: 'maxPooling2d', poolSize: [1, 29] }], image, ['0/poolSize']],
    ['a convolution over numbers without axes', [{ type: 'flatten' }, { type: 'conv2d', filters: 1, kernelSize: 3 }], image, ['1']],
    ['flattening what is flat, which TF.js refuses', [{ type: 'flatten' }, { type: 'flatten' }], image, ['1']],
    ['a reshape to another size', [{ type: 'reshape', targetShape: [5, 5] }], image, ['0/targetShape']],
    ['a reshape whose free axis would be broken', [{ type: 'reshape', targetShape: [5, -1] }], image, ['0/targetShape']],
    ['a reshape with two free axes', [{ type: 'reshape', targetShape: [-1, -1] }], image, ['0/targetShape']],
    ['strides and dilation', [{ type: 'conv2d', filters: 1, kernelSize: 3, strides: 2, dilationRate: 2 }], image, ['0/dilationRate']],
    ['dilation, which TF.js cannot train', [{ type: 'conv2d', filters: 1, kernelSize: 3, dilationRate: [1, 2] }], image, ['0/dilationRate']],
    ['an axis past the last', [{ type: 'batchNormalization', axis: 4 }], image, ['0/axis']],
    ['the batch axis', [{ type: 'batchNormalization', axis: 0 }], image, ['0/axis']],
    ['the batch axis from behind', [{ type: 'layerNormalization', axis: -4 }], image, ['0/axis']],
    ['a softmax along another axis than the last', [{ type: 'softmax', axis: 1 }], image, ['0/axis']],
    ['no fault: the last axis by its number', [{ type: 'softmax', axis: 3 }], image, []],
    ['an identity that is not square', [{ type: 'dense', units: 2, kernelInitializer: 'identity' }], [3], ['0/kernelInitializer']],
    ['an orthogonal vector', [{ type: 'dense', units: 3, kernelInitializer: 'identity', biasInitializer: 'orthogonal' }], [3], ['0/biasInitializer']],
  ];
  for (const [what, layers, inputShape, places] of faults) {
    t.strictSame(problems(layers, inputShape).map((problem) => problem.pointer), places.map((place) => `/model/layers/${place}`), what);
  }
});

t.test('after a fault the other faults still come', async (t) => {
  t.strictSame(
    problems([
      { type: 'conv2d', filters: 4, kernelSize: 40 },
      { type: 'reshape', targetShape: [3, 5] },
      { type: 'conv2d', filters: 4, kernelSize: 3, dilationRate: 2 },
      { type: 'dense', units: 10 },
      { type: 'conv2d', filters: 4, kernelSize: 3, strides: 2, dilationRate: 2 },
    ]).map((problem) => problem.pointer),
    ['/model/layers/0/kernelSize', '/model/layers/1/targetShape', '/model/layers/2/dilationRate', '/model/layers/2', '/model/layers/4/dilationRate'],
    'where a shape is unknown, what can be said without it is said',
  );
});

t.test('absurd sizes stay finite', async (t) => {
  const deep = Array.from({ length: 200 }, (): Layer => ({ type: 'depthwiseConv2d', kernelSize: 1, depthMultiplier: 1024 }));
  const { layers, problems } = infer(deep);
  t.equal(problems.length, 1, 'the first output that cannot be indexed is the one fault');
  t.equal(problems[0]?.pointer, '/model/layers/2/depthMultiplier', 'at the layer that makes it');
  t.ok(layers.every((layer) => Number.isFinite(layer.parameterCount) && Number.isFinite(layer.flops)), 'no count overflows');
});
