// The page's end of the thread that computes.
import type { ModelQuestions, ModelReply } from './messages.js';

interface Pending {
  resolve(value: never): void;
  reject(error: Error): void;
}

export class ModelThread {
  readonly #worker = new Worker(new URL('./model-worker.ts', import.meta.url), { type: 'module', name: 'model' });
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<ModelReply>) => {
      const pending = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      if ('fault' in data) pending?.reject(new Error(data.fault));
      else pending?.resolve(data.value as never);
    });
    this.#worker.addEventListener('error', (event) => this.#fail(new Error(event.message || 'The part of the page that computes could not be loaded.')));
  }

  /** @throws Error of the model */
  ask<K extends keyof ModelQuestions>(kind: K, question: ModelQuestions[K]['ask']): Promise<ModelQuestions[K]['answer']> {
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, kind, ...question });
    });
  }

  close(): void {
    this.#worker.terminate();
    this.#fail(new Error('The page has gone on.'));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
