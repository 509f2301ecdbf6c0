// The thread that computes, so that drawing never waits for it. TF.js is loaded here and nowhere else in the page.
import '@tensorflow/tfjs-backend-cpu';
import { BrowserModel } from './browser-model.js';
import type { ModelReply, ModelRequest } from './messages.js';

let model: BrowserModel | null = null;

async function answer(request: ModelRequest): Promise<Extract<ModelReply, { value: unknown }>['value']> {
  if (request.kind === 'load') return (model = await BrowserModel.load(request.modelJson, request.weights)).info();
  if (model === null) throw new Error('No model is loaded.');
  if (request.kind === 'predict') return model.predict(request.x);
  model.useWeights(request.tensors);
  return model.firstWeights();
}

addEventListener('message', ({ data }: MessageEvent<ModelRequest>) => {
  const reply = (message: ModelReply) => postMessage(message);
  answer(data).then(
    (value) => reply({ id: data.id, value }),
    (error: unknown) => reply({ id: data.id, fault: error instanceof Error ? error.message : String(error) }),
  );
});
