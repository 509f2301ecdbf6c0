// What the page asks of the thread that computes, and what that answers.
import type { NamedTensor } from '../../../portable/safetensors.js';

/** A layer whose outputs are worth looking at. */
export interface LayerInfo {
  name: string;
  /** As Keras names it: `Conv2D`. */
  type: string;
  /** Of one example. */
  outputShape: readonly number[];
  parameterCount: number;
}

/** Numbers as pictures, row-major `[height, width, count]`. */
export interface Planes {
  height: number;
  width: number;
  count: number;
  values: Float32Array;
}

export interface ModelInfo {
  layers: readonly LayerInfo[];
  first: FirstWeights | null;
}

/** The weights of the first layer that has some which are pictures. */
export interface FirstWeights extends Planes {
  layer: string;
  kind: 'filters' | 'weights';
}

export interface ModelAnswer {
  outputs: Float32Array;
  /** The outputs of each layer of the model's info, in that order. */
  activations: readonly Float32Array[];
}

/** Each kind of question, with its answer. */
export interface ModelQuestions {
  load: { ask: { modelJson: Record<string, unknown>; weights: ArrayBuffer }; answer: ModelInfo };
  /** Other weights for the same layers; `null` are those that it was loaded with. */
  weights: { ask: { tensors: readonly NamedTensor[] | null }; answer: FirstWeights | null };
  /** One example, preprocessed. */
  predict: { ask: { x: Float32Array }; answer: ModelAnswer };
}

export type ModelRequest = { [K in keyof ModelQuestions]: { id: number; kind: K } & ModelQuestions[K]['ask'] }[keyof ModelQuestions];
export type ModelReply = { id: number; value: ModelQuestions[keyof ModelQuestions]['answer'] } | { id: number; fault: string };
