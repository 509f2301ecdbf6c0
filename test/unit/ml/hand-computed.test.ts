// The first steps of a dense network, against an implementation of its own in plain double precision.
import t from 'tap';
import { EagerSession } from '../../../src/ml/engines/eager/session.js';
import type { Optimizer } from '../../../src/schemas/optimization.js';
import { chain, classifierSpec, near, useCpu, wave } from '../../helpers/ml.js';

t.before(useCpu);

const INPUTS = 4;
const HIDDEN = 5;
const CLASSES = 3;
const x = wave(6 * INPUTS, 0.4);
const y = Uint8Array.of(0, 1, 2, 2, 1, 0);

/** Weights as flat arrays: hidden kernel and bias, output kernel and bias. */
type Weights = [number[], number[], number[], number[]];
type Step = (weights: Weights, gradients: Weights, t: number) => void;

function forward(weights: Weights, row: number): { hidden: number[]; p: number[] } {
  const [w1, b1, w2, b2] = weights;
  const hidden = b1.map((b, j) => Math.tanh(b + Array.from({ length: INPUTS }, (_, i) => x[row * INPUTS + i]! * w1[i * HIDDEN + j]!).reduce((a, c) => a + c, 0)));
  const logits = b2.map((b, k) => b + hidden.reduce((sum, h, j) => sum + h * w2[j * CLASSES + k]!, 0));
  const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
  return { hidden, p: logits.map((z) => Math.exp(z) / total) };
}

/** Mean cross-entropy of rows and its gradients, by the chain rule. */
function backward(weights: Weights, rows: readonly number[]): { loss: number; gradients: Weights } {
  const gradients = weights.map((values) => values.map(() => 0)) as Weights;
  const [g1, gb1, g2, gb2] = gradients;
  let loss = 0;
  for (const row of rows) {
    const { hidden, p } = forward(weights, row);
    loss -= Math.log(p[y[row]!]!) / rows.length;
    const dz = p.map((value, k) => (value - (k === y[row] ? 1 : 0)) / rows.length);
    dz.forEach((d, k) => (gb2[k]! += d));
    hidden.forEach((h, j) => {
      dz.forEach((d, k) => (g2[j * CLASSES + k]! += h * d));
      const dh = dz.reduce((sum, d, k) => sum + d * weights[2][j * CLASSES + k]!, 0) * (1 - h * h);
      gb1[j]! += dh;
      for (let i = 0; i < INPUTS; i++) g1[i * HIDDEN + j]! += x[row * INPUTS + i]! * dh;
    });
  }
  return { loss, gradients };
}

const sgd: Step = (weights, gradients) => weights.forEach((values, w) => values.forEach((_, i) => (values[i]! -= 0.5 * gradients[w]![i]!)));

function adam(): Step {
  const m = new Map<string, number>();
  const v = new Map<string, number>();
  return (weights, gradients, t) =>
    weights.forEach((values, w) =>
      values.forEach((_, i) => {
        const at = `${w}/${i}`;
        const g = gradients[w]![i]!;
        m.set(at, 0.9 * (m.get(at) ?? 0) + 0.1 * g);
        v.set(at, 0.999 * (v.get(at) ?? 0) + 0.001 * g * g);
        const mHat = m.get(at)! / (1 - 0.9 ** t);
        const vHat = v.get(at)! / (1 - 0.999 ** t);
        values[i]! -= (0.01 * mHat) / (Math.sqrt(vHat) + 1e-7 / Math.sqrt(1 - 0.999 ** t));
      }),
    );
}

const CASES: [Optimizer, number, () => Step][] = [
  [{ type: 'sgd' }, 0.5, () => sgd],
  [{ type: 'adam' }, 0.01, adam],
];

/** Whole batches, and batches in parts: three and two, two and two and one, or one by one. */
const ACCUMULATION = [1, 2, 3, 5];

for (const [optimizer, learningRate, create] of CASES) {
  for (const gradientAccumulationSteps of ACCUMULATION) t.test(`three steps of ${optimizer.type} in ${gradientAccumulationSteps} parts are those of the chain rule`, async (t) => {
    const graph = chain([INPUTS], [
      { type: 'dense', units: HIDDEN, activation: 'tanh' },
      { type: 'dense', units: CLASSES, activation: 'softmax' },
    ]);
    const session = new EagerSession(classifierSpec({ graph, inputShape: [INPUTS], optimizer, gradientAccumulationSteps }));
    t.teardown(() => session.dispose());
    session.bind('train', { x, y, count: 6, shape: [INPUTS] });
    const weights = (await session.getWeights()).map(({ data }) => [...data]) as Weights;
    const step = create();
    const batches = [[0, 1, 2, 3, 4], [4, 5], [5, 3, 1, 0]];
    const losses = batches.map((rows, i) => {
      const { loss, gradients } = backward(weights, rows);
      step(weights, gradients, i + 1);
      return loss;
    });
    const results = await session.train(batches.map((rows, i) => ({ indices: Int32Array.from(rows), step: i, epoch: 1, learningRate })));
    near(t, results.map(({ loss }) => loss), losses, { message: 'losses', tolerance: 2e-6 });
    const trained = (await session.getWeights()).flatMap(({ data }) => [...data]);
    near(t, trained, weights.flat(), { message: 'weights', tolerance: 5e-6 });
  });
}
