// One small network with every kind of weight, three Adam steps, against Keras.
import t from 'tap';
import { EagerSession } from '../../../src/ml/engines/eager/session.js';
import { KERAS_MODEL } from '../../fixtures/keras-numbers.js';
import { chain, classifierSpec, near, useCpu, wave } from '../../helpers/ml.js';

t.before(useCpu);

t.test('convolution, batch and layer normalization, pooling and penalties train as in Keras', async (t) => {
  const graph = chain([4, 4, 2], [
    { type: 'conv2d', name: 'conv', filters: 3, kernelSize: 3, padding: 'same', useBias: false, kernelRegularizer: { l1: 0.01, l2: 0.02 } },
    { type: 'batchNormalization', name: 'bn', scale: false },
    { type: 'activation', activation: 'relu' },
    { type: 'maxPooling2d' },
    { type: 'flatten' },
    { type: 'layerNormalization', name: 'ln' },
    { type: 'dense', name: 'out', units: 3, activation: 'softmax' },
  ]);
  const session = new EagerSession(classifierSpec({ graph, inputShape: [4, 4, 2], optimizer: { type: 'adam' } }));
  t.teardown(() => session.dispose());
  const order = ['conv/kernel', 'bn/beta', 'bn/moving_mean', 'bn/moving_variance', 'ln/gamma', 'ln/beta', 'out/kernel', 'out/bias'];
  const start = (name: string, size: number): Float32Array => {
    if (/gamma|moving_variance/.test(name)) return new Float32Array(size).fill(1);
    return name.endsWith('moving_mean') ? new Float32Array(size) : wave(size, order.indexOf(name));
  };
  const weights = await session.getWeights();
  t.same(weights.map(({ name }) => name).sort(), [...order].sort(), 'the weights have their names');
  session.setWeights(weights.map((weight) => ({ ...weight, data: start(weight.name, weight.data.length) })));
  session.bind('train', { x: wave(6 * 32, 0.3), y: Uint8Array.of(0, 1, 2, 0, 1, 2), count: 6, shape: [4, 4, 2] });

  const indices = Int32Array.of(0, 1, 2, 3, 4, 5);
  const results = await session.train([0, 1, 2].map((step) => ({ indices, step, epoch: 1, learningRate: 0.01 })));
  near(t, results.map(({ loss }) => loss), KERAS_MODEL.losses.map(({ loss }) => loss), { message: 'losses with penalties' });
  near(t, results.map(({ metrics }) => metrics.accuracy!), KERAS_MODEL.losses.map(({ accuracy }) => accuracy), { message: 'accuracies' });
  const evaluation = await session.evaluate('train', 6);
  near(t, [evaluation.loss, evaluation.metrics.accuracy!], [KERAS_MODEL.eval.loss, KERAS_MODEL.eval.accuracy], { message: 'evaluation by moving averages', tolerance: 2e-5 });
  const trained = new Map((await session.getWeights()).map(({ name, data }) => [name, data]));
  near(t, trained.get('out/bias')!, KERAS_MODEL.bias, { message: 'the last bias', tolerance: 2e-4 });
  near(t, trained.get('bn/moving_mean')!, KERAS_MODEL.mm, { message: 'moving means' });
  near(t, trained.get('bn/moving_variance')!, KERAS_MODEL.mv, { message: 'moving variances' });
  near(t, (await session.predict(wave(6 * 32, 0.3), 6)).subarray(0, 3), KERAS_MODEL.pred, { message: 'a prediction', tolerance: 1e-4 });
});
