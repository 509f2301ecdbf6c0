// The predictor's process through the ways in which it can fail: each request is answered, and the next works.
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { createPredictor, type PredictorLimits } from '../../../src/predict/predictor-process.js';
import { until } from '../../helpers/poll.js';

const module = fileURLToPath(new URL('../../fixtures/predictor-fixture.js', import.meta.url));

function setUp(t: Test, limits: Partial<PredictorLimits> = {}) {
  const warnings: string[] = [];
  const predictor = createPredictor({ module, limits, log: { warn: (_, message) => void warnings.push(message) } });
  t.teardown(() => predictor.close());
  const ask = (what: string, x: number[] = []) =>
    predictor.predict({ modelJsonPath: what, weightsPath: '', modelKey: '', input: { kind: 'tensor', x: Float32Array.from(x), count: 1 } });
  const answer = async (what: string, x: number[] = []) => {
    const reply = await ask(what, x);
    return reply.ok ? [...reply.outputs] : [];
  };
  return { predictor, ask, answer, warnings };
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

t.test('one process answers request after request, each its own', async (t) => {
  const { predictor, answer } = setUp(t);
  t.equal(predictor.pid(), null, 'nothing runs before the first');
  const answers = await Promise.all([1, 2, 3].map((value) => answer('ok', [value])));
  t.same(answers.map(([, value]) => value), [1, 2, 3], 'typed arrays pass, and none is mixed up');
  t.equal(new Set(answers.map(([pid]) => pid)).size, 1, 'all from the same process');
});

t.test('a process that dies fails its request alone', async (t) => {
  for (const death of ['crash', 'exit']) {
    const { ask, answer, warnings } = setUp(t);
    const dying = t.rejects(ask(death), { code: 'predictor_unavailable' }, `${death}: the request is refused`);
    const [, value] = await answer('ok', [7]);
    await dying;
    t.equal(value, 7, 'the one behind it is answered by another process');
    t.match(warnings, ['the predictor died while predicting'], 'and it is in the log');
  }
});

t.test('a process that hangs is killed', async (t) => {
  const { predictor, ask, answer } = setUp(t, { timeoutMs: 3000 });
  const [pid = 0] = await answer('ok');
  await t.rejects(ask('hang'), { code: 'predictor_unavailable' }, 'the request is refused');
  await until(() => !isAlive(pid), { what: 'the process to be gone' });
  t.not((await answer('ok'))[0], pid, 'another one answers the next');
  t.ok(predictor.pid());
});

t.test('a fault of the model is an answer', async (t) => {
  t.same(await setUp(t).ask('damaged'), { id: 1, ok: false, fault: 'model', message: 'no such model' });
});

t.test('the queue is bounded', async (t) => {
  const { ask } = setUp(t, { waiting: 2, timeoutMs: 3000 });
  const hanging = ask('hang');
  const waiting = [ask('ok'), ask('ok')];
  await t.rejects(ask('ok'), { code: 'predictor_unavailable' }, 'one too many is refused at once');
  await t.rejects(hanging, { code: 'predictor_unavailable' });
  for (const late of waiting) await t.rejects(late, { code: 'predictor_unavailable' }, 'those that waited too long are refused too');
  t.ok((await ask('ok')).ok, 'then there is room again');
});

t.test('an idle process ends, and a closed one is gone', async (t) => {
  const { predictor, ask, answer } = setUp(t, { idleMs: 20 });
  const [pid = 0] = await answer('ok');
  await until(() => !isAlive(pid), { what: 'the idle process to end' });
  t.equal(predictor.pid(), null);
  const [next = 0] = await answer('ok');
  t.not(next, pid, 'it is started anew when it is needed');

  const pending = t.rejects(ask('hang'), { code: 'shutting_down' }, 'what is under way is refused');
  const last = predictor.pid() ?? 0;
  t.ok(isAlive(last), 'a process is at it');
  await predictor.close();
  await pending;
  t.notOk(isAlive(last), 'it is gone when closing is done');
  await t.rejects(ask('ok'), { code: 'shutting_down' });
});
