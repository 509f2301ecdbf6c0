// A predictor: asks stored models, for the API that started it. It keeps the latest ones loaded, answers one
// request at a time, and ends when the API is done with it.
import { selectBackend } from '../src/ml/engines/eager/backends.js';
import { predict } from '../src/ml/model-files.js';
import { ImageError, imageToInput } from '../src/predict/image.js';
import type { PredictorReply, PredictorRequest } from '../src/schemas/ipc.js';
import { createModelCache } from './model-cache.js';

const models = createModelCache();
const backend = selectBackend({ device: 'cpu', backend: 'wasm' });

async function answer({ id, input, ...files }: PredictorRequest): Promise<PredictorReply> {
  try {
    await backend;
    const loaded = await models.get(files);
    const { inputShape } = loaded.metadata;
    const { x, count } = input.kind === 'tensor' ? input : { x: imageToInput(input.bytes, { inputShape, invert: input.invert }), count: 1 };
    return { id, ok: true, outputs: await predict(loaded, x, count), count };
  } catch (error) {
    return { id, ok: false, fault: error instanceof ImageError ? 'image' : 'model', message: error instanceof Error ? error.message : String(error) };
  }
}

process.on('message', (request: PredictorRequest) => {
  void answer(request).then((reply) => process.send?.(reply));
});
// The API has gone.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole terminal; the API stops us in its own time.
process.on('SIGINT', () => undefined);
if (process.send === undefined) {
  console.error('a predictor is started by the API, with an IPC channel');
  process.exit(1);
}
