// The models that a predictor keeps loaded: the latest used, within a bound on their number and weight.
import { readFile } from 'node:fs/promises';
import { loadModel, type LoadedModel } from '../src/ml/model-files.js';
import type { PredictorRequest } from '../src/schemas/ipc.js';

const MAX_MODELS = 4;
const MAX_WEIGHT_BYTES = 256 * 1024 * 1024;

export type ModelSource = Pick<PredictorRequest, 'modelKey' | 'modelJsonPath' | 'weightsPath'>;

export interface ModelCache {
  /** The cache disposes it, not before another is asked for. */
  get(source: ModelSource): Promise<LoadedModel>;
}

export function createModelCache(): ModelCache {
  /** The latest used last. */
  const models = new Map<string, { loaded: LoadedModel; weightBytes: number }>();

  function evict(): void {
    let bytes = [...models.values()].reduce((sum, { weightBytes }) => sum + weightBytes, 0);
    for (const [key, { loaded, weightBytes }] of models) {
      if (models.size === 1 || (models.size <= MAX_MODELS && bytes <= MAX_WEIGHT_BYTES)) return;
      models.delete(key);
      bytes -= weightBytes;
      loaded.model.dispose();
    }
  }

  return {
    async get({ modelKey, modelJsonPath, weightsPath }) {
      let entry = models.get(modelKey);
      if (entry === undefined) {
        const [json, weights] = await Promise.all([readFile(modelJsonPath, 'utf8'), readFile(weightsPath)]);
        entry = { loaded: await loadModel(JSON.parse(json) as Record<string, unknown>, weights), weightBytes: weights.length };
      }
      models.delete(modelKey);
      models.set(modelKey, entry);
      evict();
      return entry.loaded;
    },
  };
}
