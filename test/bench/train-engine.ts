// One of our engines under the product's own training loop, as a contestant of the training bench (contestant.ts).
// Its argument names it: `compiled-cpu`, `eager-wasm`, …
import { createInterface } from 'node:readline';
import { loadMnist } from '../../src/datasets/mnist.js';
import { createCompiledEngine, openRuntime, type Provider } from '../../src/ml/engines/compiled/engine.js';
import { selectBackend } from '../../src/ml/engines/eager/backends.js';
import { createEagerEngine } from '../../src/ml/engines/eager/engine.js';
import type { CreateEngine, EngineSession } from '../../src/ml/engines/engine.js';
import { train } from '../../src/ml/train.js';
import { effectiveLoss } from '../../src/portable/answer.js';
import type { Backend, RunSpec } from '../../src/schemas/spec.js';
import { defaultMetrics, effectiveFit, effectivePreprocessing } from '../../src/specs/defaults.js';
import { trainingGraph } from '../../src/specs/training-graph.js';
import { settingsOf } from '../../workers/prepare.js';
import type { ContestantAnswer, ContestantCommand } from './contestant.js';
import { trainSpec } from './train-models.js';

interface OpenEngine {
  create: CreateEngine;
  about: string;
}

/** @throws Error when this machine cannot run it */
async function openEngine(name: string): Promise<OpenEngine> {
  const [engine, on = ''] = name.split('-');
  if (engine === 'compiled') {
    const runtime = await openRuntime({ provider: on as Provider });
    return { create: (spec) => createCompiledEngine(spec, runtime), about: `one graph a step in ONNX Runtime on ${on}` };
  }
  const { deviceName } = await selectBackend({ device: 'auto', backend: on as Backend });
  return { create: createEagerEngine, about: `TF.js on ${deviceName}` };
}

const { train: digits, labels } = await loadMnist();

async function openSession(spec: RunSpec, create: CreateEngine): Promise<EngineSession> {
  const session = await create({
    graph: trainingGraph(spec, digits.shape),
    inputShape: digits.shape,
    classCount: labels.length,
    preprocessing: effectivePreprocessing(spec, 'image'),
    optimizer: spec.optimizer,
    loss: effectiveLoss(spec.loss),
    metrics: defaultMetrics(spec),
    seed: effectiveFit(spec).seed,
  });
  session.bind('train', digits);
  return session;
}

const answer = (said: ContestantAnswer) => void process.stdout.write(`${JSON.stringify(said)}\n`);
const words = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

async function serve({ create, about }: OpenEngine): Promise<void> {
  let current: { spec: RunSpec; session: EngineSession } | null = null;
  const execute = async (command: ContestantCommand): Promise<void> => {
    if ('model' in command) {
      current?.session.dispose();
      const spec = trainSpec(command.model, command.batchSize);
      current = { spec, session: await openSession(spec, create) };
      return;
    }
    if (current === null) throw new Error('there is no model yet');
    const settings = { ...settingsOf(current.spec), session: current.session, epochs: command.epochs, trainCount: command.examples };
    for await (const _ of train({ ...settings, hasValidation: false, signal: new AbortController().signal }));
  };
  answer({ ready: about });
  for await (const line of createInterface({ input: process.stdin })) {
    const begun = performance.now();
    answer(await execute(JSON.parse(line) as ContestantCommand).then(() => ({ seconds: (performance.now() - begun) / 1000 }), (error: unknown) => ({ error: words(error) })));
  }
}

await openEngine(process.argv[2] ?? '').then(serve, (error: unknown) => answer({ absent: words(error) }));
process.exit(0);
