// A trained model as files: TF.js' `model.json` and one weight file, which plain TF.js loads, with what a
// prediction needs beside them (preprocessing, labels) in the JSON's user metadata.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { foldPreprocessing } from '../portable/preprocessing.js';
import type { Preprocessing } from '../schemas/spec.js';
import { rowGatherer } from './data.js';
import type { ModelFiles } from './engines/engine.js';
import { elementsOf, type Shape } from './graph-types.js';

export const WEIGHT_FILE = 'weights.bin';

/** How raw examples become the model's input, and what its outputs are called. */
export interface ModelMetadata {
  preprocessing: readonly Preprocessing[];
  /** Names of the outputs, by index; null when they are values. */
  labels: readonly string[] | null;
  /** One example, without the batch axis. */
  inputShape: Shape;
}

export interface LoadedModel {
  /** The caller disposes it. */
  model: tfl.LayersModel;
  metadata: ModelMetadata;
}

interface ModelJson {
  modelTopology: tf.io.ModelArtifacts['modelTopology'];
  weightsManifest: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[];
  userDefinedMetadata?: { trainyard?: ModelMetadata };
}

const PREDICT_BATCH = 256;

export async function saveModel(model: tfl.LayersModel, metadata: ModelMetadata): Promise<ModelFiles> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  const { modelTopology, format, generatedBy, convertedBy, weightSpecs, weightData } = saved!;
  return {
    modelJson: {
      format,
      generatedBy,
      convertedBy,
      modelTopology,
      weightsManifest: [{ paths: [WEIGHT_FILE], weights: weightSpecs }],
      userDefinedMetadata: { trainyard: metadata },
    },
    weightData: new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)),
  };
}

/** The same files, naming the outputs. */
export function withLabels(files: ModelFiles, labels: readonly string[]): ModelFiles {
  const modelJson = files.modelJson as unknown as ModelJson;
  const userDefinedMetadata = { ...modelJson.userDefinedMetadata, trainyard: { ...modelJson.userDefinedMetadata?.trainyard, labels } };
  return { ...files, modelJson: { ...files.modelJson, userDefinedMetadata } };
}

/**
 * Loads what `saveModel` made, on the current TF.js backend.
 * @throws Error when the JSON has no metadata of ours or the weights do not fit it.
 */
export async function loadModel(modelJson: Record<string, unknown>, weightData: Uint8Array): Promise<LoadedModel> {
  const { modelTopology, weightsManifest, userDefinedMetadata } = modelJson as unknown as ModelJson;
  const metadata = userDefinedMetadata?.trainyard;
  if (metadata === undefined) throw new Error('model.json does not say how inputs are preprocessed');
  const model = await tfl.loadLayersModel(
    tf.io.fromMemory({
      modelTopology,
      weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
      // A copy: the view may lie at an odd place of a larger buffer.
      weightData: Uint8Array.from(weightData).buffer,
    }),
  );
  return { model, metadata };
}

/**
 * Outputs for `count` raw examples of the metadata's shape, through its preprocessing; row-major
 * `[count, ...outputShape]`.
 */
export async function predict(
  { model, metadata }: LoadedModel,
  x: Uint8Array | Float32Array,
  count: number,
): Promise<Float32Array> {
  const size = elementsOf(metadata.inputShape);
  if (x.length !== count * size) throw new Error(`x has ${x.length} values, not ${count} examples of [${metadata.inputShape.join(', ')}]`);
  const gather = rowGatherer(size, foldPreprocessing(metadata.preprocessing));
  const parts: Float32Array[] = [];
  for (let start = 0; start < count; start += PREDICT_BATCH) {
    const rows = Array.from({ length: Math.min(PREDICT_BATCH, count - start) }, (_, i) => start + i);
    const values = new Float32Array(rows.length * size);
    gather(x, rows, values);
    const output = tf.tidy(() => model.predict(tf.tensor(values, [rows.length, ...metadata.inputShape])) as tf.Tensor);
    parts.push(Float32Array.from(await output.data()));
    output.dispose();
  }
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}
