// Which engine a run gets, on this machine's own ONNX Runtime and TF.js backends.
import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { NoBackendError } from '../../../src/ml/engines/eager/backends.js';
import { TRACE_BACKEND } from '../../../src/ml/engines/compiled/tracer.js';
import { NoEngineError, openEngine, type EngineRequest } from '../../../src/ml/engines/open-engine.js';
import type { GraphLayer } from '../../../src/ml/graph-types.js';
import type { Layer } from '../../../src/schemas/layers.js';
import type { RunSpec } from '../../../src/schemas/spec.js';
import { trainAttempt } from '../../../workers/train-attempt.js';
import { chain, near } from '../../helpers/ml.js';

const LAYERS: GraphLayer[] = [{ type: 'dense', name: 'hidden', units: 4, activation: 'tanh' }, { type: 'dense', name: 'out', units: 2, activation: 'softmax' }];
const COUNT = 10;
const examples = {
  x: Float32Array.from({ length: COUNT * 3 }, (_, i) => Math.sin(i)),
  y: Uint8Array.from({ length: COUNT }, (_, i) => i % 2),
  count: COUNT,
  shape: [3],
};

function request(changes: Partial<EngineRequest> = {}): EngineRequest {
  return {
    engine: 'auto', device: 'cpu', backend: 'auto',
    ruledOut: [{ backend: 'tensorflow', reason: 'not asked' }, { backend: 'webgpu', reason: 'not asked' }],
    spec: {
      graph: chain([3], LAYERS),
      inputShape: [3],
      classCount: 2,
      preprocessing: [],
      optimizer: { type: 'adam' },
      loss: { type: 'categoricalCrossentropy', fromLogits: false },
      metrics: ['accuracy'],
      seed: 3,
    },
    train: examples, validation: examples, batchSize: 4,
    ...changes,
  };
}

const batches = [0, 1, 2].map((step) => ({ indices: Int32Array.from({ length: step === 2 ? 2 : 4 }, (_, i) => step * 4 + i), step, epoch: 1, learningRate: 0.01 }));

t.test('a run is compiled unless something else is asked for, and trains the same', async (t) => {
  const compiled = await openEngine(request());
  t.match(compiled, { session: { engine: 'compiled', backend: 'cpu' }, fallback: null, description: /^engine compiled, run by ONNX Runtime on cpu/ });
  const losses = (await compiled.session.train(batches)).map(({ loss }) => loss);
  const evaluated = await compiled.session.evaluate('validation', 4);
  compiled.session.dispose();

  const eager = await openEngine(request({ backend: 'cpu' }));
  t.match(eager, { session: { engine: 'eager', backend: 'cpu' }, fallback: null }, 'a backend that is named is TF.js\'');
  const same = (await eager.session.train(batches)).map(({ loss }) => loss);
  t.same(losses.map((loss) => loss.toFixed(5)), same.map((loss) => loss.toFixed(5)));
  t.equal(evaluated.loss.toFixed(5), (await eager.session.evaluate('validation', 4)).loss.toFixed(5));
  eager.session.dispose();
  t.match(await openEngine(request({ engine: 'eager' })), { session: { engine: 'eager', backend: 'wasm' } }, 'the eager engine by name');
});

/** A run of one step with a tanh in it; answers how it ended, and the warnings on the way. */
async function attempt(engine: 'auto' | 'compiled' | 'eager', { hidden = [], parts = 1 }: { hidden?: Layer[]; parts?: number } = {}) {
  const warnings: unknown[] = [];
  const spec: RunSpec = {
    dataset: { name: 'mnist', take: 8, validation: 'none' },
    model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 4, activation: 'tanh' }, ...hidden, { type: 'dense', units: 10, activation: 'softmax' }] },
    optimizer: { type: 'sgd' }, loss: 'sparseCategoricalCrossentropy', fit: { batchSize: 8, epochs: 1 },
    engine, resources: { device: 'cpu' },
  };
  const start = { type: 'start', runId: 'run', attempt: 1, spec, scratchDir: t.testdir(), ruledOut: request().ruledOut.slice(), threads: 1, gradientAccumulationSteps: parts, resume: null, startFrom: null, extendedAfter: null } as const;
  const ended = await trainAttempt(start, {
    signal: new AbortController().signal,
    send: (message) => void (message.type === 'events' && warnings.push(...message.events.filter(({ kind }) => kind === 'warning').map(({ data }) => data))),
  });
  return { ended, warnings };
}

t.test('a trainer computes batches in as many parts as it is told', async (t) => {
  for (const engine of ['compiled', 'eager'] as const) {
    const loss = async (hidden: Layer[], parts: number): Promise<number> => {
      const { ended } = await attempt(engine, { hidden, parts });
      return ended.state === 'failed' ? NaN : ended.metrics.loss!;
    };
    near(t, [await loss([], 3)], [await loss([], 1)], { message: `which changes nothing in the ${engine} engine` });
    const [whole, inParts] = [await loss([{ type: 'batchNormalization' }], 1), await loss([{ type: 'batchNormalization' }], 3)];
    t.ok(Math.abs(whole - inParts) > 1e-3, 'but what batch normalization sees');
  }
});

t.test('a kernel that cannot be captured makes the run fall back, and is named', async (t) => {
  await openEngine(request());
  t.match(await attempt('auto'), { ended: { state: 'succeeded' }, warnings: [] }, 'with all of them there is nothing to say');
  const kernel = tf.getKernel('Tanh', TRACE_BACKEND);
  t.teardown(() => tf.registerKernel(kernel));
  tf.unregisterKernel('Tanh', TRACE_BACKEND);
  t.match(await openEngine(request()), { session: { engine: 'eager' }, fallback: /Tanh/ });
  await t.rejects(openEngine(request({ engine: 'compiled' })), { name: 'UncapturableError', message: /compiled engine cannot train this model: .*Tanh/ });
  const warning = { code: 'engine_fallback', message: /eager one does: .*Tanh/ };
  t.match(await attempt('auto'), { ended: { state: 'succeeded' }, warnings: [warning] }, 'the run succeeds with a warning event');
  t.match(await attempt('compiled'), { ended: { state: 'failed', reason: 'invalid_spec', message: /Tanh/ }, warnings: [] }, 'or is refused where the engine was named');
});

t.test('a GPU that is not there is an error with its reasons', async (t) => {
  await t.rejects(openEngine(request({ engine: 'compiled', device: 'gpu' })), NoEngineError, 'for the compiled engine');
  await t.rejects(openEngine(request({ device: 'gpu' })), NoBackendError, 'and for any');
});
