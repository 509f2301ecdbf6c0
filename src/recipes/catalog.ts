// The handwritten-digits ladder: from one layer that guesses well to a network that is nearly never wrong.
// Each rung changes one idea of the rung before it. Source of the ladder: Martin Görner's course
// "TensorFlow, Keras and deep learning, without a PhD".
import type { Layer } from '../schemas/layers.js';
import type { Recipe } from '../schemas/recipe.js';
import type { RunSpec } from '../schemas/spec.js';

type Changes = Pick<RunSpec, 'model' | 'optimizer' | 'schedule'> & { epochs: number };

/** Small models: what each epoch made of them may stay, to be looked at. */
const EVERY_EPOCH: NonNullable<RunSpec['checkpoints']> = { everyEpochs: 1, everySeconds: 60, keepLast: 20 };

function mnist(name: string, { epochs, ...rest }: Changes): RunSpec {
  return {
    name,
    tags: ['ladder'],
    dataset: { name: 'mnist', validation: 'test' },
    ...rest,
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy'],
    fit: { batchSize: 128, epochs, seed: 42 },
    checkpoints: EVERY_EPOCH,
  };
}

const digits: Layer = { type: 'dense', units: 10, activation: 'softmax' };

const convolution = (filters: number, kernelSize: number, strides: number): Layer => ({
  type: 'conv2d', filters, kernelSize, strides, padding: 'same', activation: 'relu',
});

/** The bias is left out: batch normalization's beta does its work. */
const normalizedConvolution = (filters: number, kernelSize: number, strides: number): Layer[] => [
  { type: 'conv2d', filters, kernelSize, strides, padding: 'same', useBias: false },
  { type: 'batchNormalization' },
  { type: 'activation', activation: 'relu' },
];

export const RECIPES: readonly Recipe[] = [
  {
    name: 'mnist-softmax',
    title: 'One softmax layer',
    description: 'Ten weighted sums of the 784 pixels and a softmax, trained by plain gradient descent.',
    idea: 'A single dense layer is already a classifier: every digit gets a template of weights. It stops at what templates can tell apart.',
    expected: { metric: 'val_accuracy', atLeast: 0.91 },
    spec: mnist('mnist-softmax', {
      model: { layers: [{ type: 'flatten' }, digits] },
      optimizer: { type: 'sgd', learningRate: 0.1 },
      epochs: 5,
    }),
  },
  {
    name: 'mnist-sigmoid-sgd',
    title: 'Hidden layers that barely learn',
    description: 'Hidden layers of 200 and 60 sigmoid units, trained by plain gradient descent with a small learning rate.',
    idea: 'Depth alone does not help: a sigmoid passes on at most a quarter of the gradient, so the first layers hardly move. It learns badly on purpose.',
    expected: { metric: 'val_accuracy', atMost: 0.8 },
    spec: mnist('mnist-sigmoid-sgd', {
      model: {
        layers: [
          { type: 'flatten' },
          { type: 'dense', units: 200, activation: 'sigmoid' },
          { type: 'dense', units: 60, activation: 'sigmoid' },
          digits,
        ],
      },
      optimizer: { type: 'sgd', learningRate: 0.01 },
      epochs: 5,
    }),
  },
  {
    name: 'mnist-relu',
    title: 'The same layers with relu and Adam',
    description: 'Hidden layers of 200 and 60 relu units, trained by Adam.',
    idea: 'Relu lets gradients through and Adam gives every weight its own step. The same layers now learn in one epoch what they did not learn before.',
    expected: { metric: 'val_accuracy', atLeast: 0.97 },
    spec: mnist('mnist-relu', {
      model: {
        layers: [
          { type: 'flatten' },
          { type: 'dense', units: 200, activation: 'relu' },
          { type: 'dense', units: 60, activation: 'relu' },
          digits,
        ],
      },
      optimizer: { type: 'adam', learningRate: 0.001 },
      epochs: 5,
    }),
  },
  {
    name: 'mnist-relu-decay',
    title: 'A learning rate that decays',
    description: 'The relu layers, with a learning rate that starts five times higher and is multiplied by 0.7 over every epoch.',
    idea: 'Large steps find the valley, small steps settle in it. The noise of the curve fades as the rate decays.',
    expected: { metric: 'val_accuracy', atLeast: 0.98 },
    spec: mnist('mnist-relu-decay', {
      model: {
        layers: [
          { type: 'flatten' },
          { type: 'dense', units: 200, activation: 'relu' },
          { type: 'dense', units: 60, activation: 'relu' },
          digits,
        ],
      },
      optimizer: { type: 'adam', learningRate: 0.005 },
      schedule: { type: 'exponential', decay: 0.7, everyEpochs: 1 },
      epochs: 8,
    }),
  },
  {
    name: 'mnist-relu-dropout',
    title: 'Dropout against overfitting',
    description: 'The relu layers with decay, and a quarter of the first hidden layer dropped in every training step.',
    idea: 'A network that cannot rely on any single unit memorises less. It does worse on the digits it trains on and about as well on new ones: the gap between the two curves narrows.',
    expected: { metric: 'val_accuracy', atLeast: 0.98 },
    spec: mnist('mnist-relu-dropout', {
      model: {
        layers: [
          { type: 'flatten' },
          { type: 'dense', units: 200, activation: 'relu' },
          { type: 'dropout', rate: 0.25 },
          { type: 'dense', units: 60, activation: 'relu' },
          digits,
        ],
      },
      optimizer: { type: 'adam', learningRate: 0.005 },
      schedule: { type: 'exponential', decay: 0.7, everyEpochs: 1 },
      epochs: 8,
    }),
  },
  {
    name: 'mnist-cnn',
    title: 'Convolutions',
    description: 'Three convolutions (12 of 3x3, 24 and 32 of 6x6 with stride 2), a dense layer of 200 and the softmax; the rate is multiplied by 0.6 over every epoch.',
    idea: 'Flattening throws the shape of the digit away; a convolution looks at neighbourhoods and shares its weights over the image. About half the mistakes of the relu layers, though nearly nine tenths of the weights still sit in the dense layer.',
    expected: { metric: 'val_accuracy', atLeast: 0.989 },
    spec: mnist('mnist-cnn', {
      model: {
        layers: [
          convolution(12, 3, 1),
          convolution(24, 6, 2),
          convolution(32, 6, 2),
          { type: 'flatten' },
          { type: 'dense', units: 200, activation: 'relu' },
          digits,
        ],
      },
      optimizer: { type: 'adam', learningRate: 0.002 },
      schedule: { type: 'exponential', decay: 0.6, everyEpochs: 1 },
      epochs: 5,
    }),
  },
  {
    name: 'mnist-cnn-bn-dropout',
    title: 'Convolutions, batch normalization and dropout',
    description: 'The convolutions and the dense layer without bias, each followed by batch normalization; dropout on the dense layer; a rate that starts at 0.01 and is multiplied by 0.6 over every epoch.',
    idea: 'Batch normalization keeps every layer in the range where it learns, so the rate may be higher; dropout keeps the large dense layer honest. Together they leave fewer than sixty of the 10,000 test digits wrong.',
    expected: { metric: 'val_accuracy', atLeast: 0.994 },
    spec: mnist('mnist-cnn-bn-dropout', {
      model: {
        layers: [
          ...normalizedConvolution(12, 3, 1),
          ...normalizedConvolution(24, 6, 2),
          ...normalizedConvolution(32, 6, 2),
          { type: 'flatten' },
          { type: 'dense', units: 200, useBias: false },
          { type: 'batchNormalization' },
          { type: 'activation', activation: 'relu' },
          { type: 'dropout', rate: 0.4 },
          digits,
        ],
      },
      optimizer: { type: 'adam', learningRate: 0.01 },
      schedule: { type: 'exponential', decay: 0.6, everyEpochs: 1 },
      epochs: 8,
    }),
  },
];

/** The recipe of that name, or null. */
export function findRecipe(name: string): Recipe | null {
  return RECIPES.find((recipe) => recipe.name === name) ?? null;
}
