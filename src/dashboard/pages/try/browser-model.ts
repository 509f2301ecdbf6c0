// A stored LayersModel on TF.js' current backend, with all that it computes on the way to its answer.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { NamedTensor } from '../../../portable/safetensors.js';
import type { FirstWeights, LayerInfo, ModelAnswer, ModelInfo } from './messages.js';

/** Layers that only hand on what they get. */
const SILENT = new Set(['InputLayer', 'Flatten', 'Reshape', 'Permute', 'Dropout']);

interface ModelJson {
  modelTopology: tf.io.ModelArtifacts['modelTopology'];
  weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
}

export class BrowserModel {
  readonly #model: tfl.LayersModel;
  /** The same model, answering with the outputs of `#layers`; then with its own, where that is none of them. */
  readonly #probe: tfl.LayersModel;
  readonly #outputAt: number;
  readonly #layers: readonly tfl.layers.Layer[];
  readonly #stored: tf.Tensor[];

  private constructor(model: tfl.LayersModel) {
    this.#model = model;
    this.#layers = model.layers.filter((layer) => !SILENT.has(layer.getClassName()));
    // TF.js cannot answer with the same output twice.
    const outputs = [...new Set([...this.#layers.map(({ output }) => output as tfl.SymbolicTensor), model.outputs[0]!])];
    this.#probe = tfl.model({ inputs: model.inputs, outputs });
    this.#outputAt = outputs.indexOf(model.outputs[0]!);
    this.#stored = model.getWeights().map((weight) => tf.clone(weight));
  }

  /** @throws Error where the weights do not fit */
  static async load(modelJson: Record<string, unknown>, weights: ArrayBuffer): Promise<BrowserModel> {
    const { modelTopology, weightsManifest } = modelJson as unknown as ModelJson;
    const weightSpecs = weightsManifest.flatMap((group) => group.weights);
    return new BrowserModel(await tfl.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData: weights })));
  }

  info(): ModelInfo {
    const layers = this.#layers.map((layer): LayerInfo => ({
      name: layer.name, type: layer.getClassName(), parameterCount: layer.countParams(),
      outputShape: (layer.outputShape as number[]).slice(1),
    }));
    return { layers, first: this.firstWeights() };
  }

  /** By the names that weights have in checkpoints; all or none. `null`: those of the stored model. @throws Error where they do not fit */
  useWeights(tensors: readonly NamedTensor[] | null): void {
    if (tensors === null) return this.#model.setWeights(this.#stored);
    const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
    const found = this.#model.weights.map(({ originalName }) => {
      const tensor = byName.get(originalName);
      if (tensor === undefined) throw new Error(`The checkpoint has no ${originalName}.`);
      return tensor;
    });
    tf.tidy(() => this.#model.setWeights(found.map(({ data, shape }) => tf.tensor(data, [...shape], 'float32'))));
  }

  /** Filters of a convolution over one channel, or a dense layer's weights of each pixel; null where the first are neither. */
  firstWeights(): FirstWeights | null {
    const weight = this.#model.weights.find(({ shape }) => shape.length > 1);
    const layer = this.#model.layers.find(({ weights }) => weight !== undefined && weights.includes(weight));
    if (weight === undefined || layer === undefined) return null;
    const [, height = 0, width = 0] = this.#model.inputs[0]!.shape as number[];
    const shape = weight.shape as number[];
    const values = () => Float32Array.from(weight.read().dataSync());
    if (shape.length === 4 && shape[2] === 1) return { layer: layer.name, kind: 'filters', height: shape[0]!, width: shape[1]!, count: shape[3]!, values: values() };
    if (shape.length === 2 && shape[0] === height * width) return { layer: layer.name, kind: 'weights', height, width, count: shape[1]!, values: values() };
    return null;
  }

  /** Of one preprocessed example, row-major. */
  async predict(x: Float32Array): Promise<ModelAnswer> {
    const [, ...shape] = this.#model.inputs[0]!.shape as number[];
    const outputs = tf.tidy(() => [this.#probe.predict(tf.tensor(x, [1, ...shape]))].flat());
    const values = await Promise.all(outputs.map(async (output) => Float32Array.from(await output.data())));
    tf.dispose(outputs);
    return { outputs: values[this.#outputAt]!, activations: values.slice(0, this.#layers.length) };
  }
}
