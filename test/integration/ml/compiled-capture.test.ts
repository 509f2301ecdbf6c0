// What cannot be captured is said by name, and leaves the tracer as it was.
import * as tf from '@tensorflow/tfjs-core';
import t from 'tap';
import { createCompiledEngine, UncapturableError } from '../../../src/ml/engines/compiled/engine.js';
import { GraphBuilder } from '../../../src/ml/engines/compiled/graph.js';
import { KERNEL_RULES } from '../../../src/ml/engines/compiled/kernels/index.js';
import { Layouts } from '../../../src/ml/engines/compiled/layouts.js';
import { Traced } from '../../../src/ml/engines/compiled/traced.js';
import { TRACE_BACKEND, useTracer } from '../../../src/ml/engines/compiled/tracer.js';
import { batchesOf, examplesOf, openRuntimes, specOf, type ParityModel } from '../../helpers/engine-parity.js';

const [runtime] = await openRuntimes();

t.test('a kernel without a rule is named', async (t) => {
  const tracer = await useTracer(KERNEL_RULES);
  const graph = new GraphBuilder();
  const x = graph.input('x', { shape: [2, 3], type: 'float32' });
  const trace = (work: (x: tf.Tensor) => tf.Tensor): Traced => tracer.capture(new Layouts(graph, null), () => tracer.traced(work(tracer.tensor(new Traced([2, 3], 'float32', { plain: x })))));
  const named = (name: string, message: RegExp) => ({ name: 'UncapturableError', message, cause: { message: new RegExp(name) } });
  t.throws(() => trace((a) => tf.tan(a)), named('Tan', /kernel Tan$/), 'one that is missing forwards');
  t.throws(() => trace((a) => tf.grad((b) => tf.sum(tf.cumsum(tf.relu(b))))(a)), named('Cumsum', /kernel Cumsum$/), 'and inside of a gradient');
  t.throws(() => trace((a) => tf.where(tf.greater(tf.tensor(a.dataSync()), 0), a, a)), { name: 'UncapturableError', message: /known only when it runs/ }, 'a number that is read is refused');
  t.throws(() => trace(() => { throw new TypeError('of its own'); }), TypeError, 'another error stays what it is');
  t.same(trace((a) => tf.relu(a)).shape, [2, 3], 'and the tracer goes on');
});

t.test('a session says which kernel it lacks, and trains where it lacks none', async (t) => {
  const model: ParityModel = { model: { layers: [{ type: 'dense', units: 4, activation: 'softplus' }, { type: 'dense', units: 3 }] }, inputShape: [5] };
  const session = await createCompiledEngine(specOf(model), runtime!);
  t.teardown(() => session.dispose());
  session.bind('train', examplesOf(model));
  const kernel = tf.getKernel('Softplus', TRACE_BACKEND);
  tf.unregisterKernel('Softplus', TRACE_BACKEND);
  try {
    await t.rejects(session.prepare(5), UncapturableError, 'it is found before the first step');
    await t.rejects(session.train(batchesOf(model)), { message: "there is no rule for TF.js' kernel Softplus" }, 'and named');
  } finally {
    tf.registerKernel(kernel);
  }
  const results = await session.train(batchesOf(model));
  t.ok(results.length === 20 && results.every(({ loss }) => Number.isFinite(loss)), 'the same session trains with the kernel back');
});
