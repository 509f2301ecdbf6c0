// `npm run setup:cuda`: brings ONNX Runtime's CUDA provider, which its npm package does not hold, by the package's own
// download, and tries it out.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { GraphBuilder } from '../ml/engines/compiled/graph.js';
import { encodeModel } from '../ml/engines/compiled/onnx.js';
import { openRuntime } from '../ml/engines/compiled/runtime.js';
import { lastWords, run, SetupError } from './command.js';

/** The smallest graph that a provider has to run. */
function negation(): Uint8Array {
  const graph = new GraphBuilder();
  const x = graph.input('x', { shape: [1], type: 'float32' });
  graph.output('y', graph.add('Neg', [x], { shape: [1] }));
  return encodeModel(graph.finish());
}

async function main(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  const script = join(dirname(entry), '..', 'script', 'install.js');
  console.log('Fetching the CUDA provider (about 300 MB)');
  const result = await run(process.execPath, [script, '--onnxruntime-node-install=cuda12'], { isShown: true });
  if (result?.code !== 0) {
    throw new SetupError(`The CUDA provider could not be fetched; it exists for Linux on x86-64.\n${result === null ? '' : lastWords(result)}`);
  }
  const session = await (await openRuntime({ provider: 'cuda' })).open(negation()).catch((cause: unknown) => {
    throw new SetupError(`The CUDA provider is there but does not work: ${cause instanceof Error ? cause.message : String(cause)}\nIt needs CUDA 12 and cuDNN 9 on the library path.`, { cause });
  });
  await session.release();
  console.log('The CUDA provider works; runs train on it by themselves. `npm ci` removes it; run this again after.');
}

main().catch((error: unknown) => {
  console.error(error instanceof SetupError ? error.message : error);
  process.exitCode = 1;
});
