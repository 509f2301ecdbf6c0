// A model as a graph of layers: what both forms of a model spec (layer list, topology) become before
// shapes are inferred, memory is estimated or a LayersModel is built. Plain data.
import type { Layer } from '../schemas/layers.js';

/** Layers that only a topology can name: they join branches. */
export type MergeLayer =
  | { type: 'add' | 'multiply' | 'average' | 'maximum' | 'minimum'; name?: string }
  | { type: 'concatenate'; name?: string; axis?: number };
export type GraphLayer = Layer | MergeLayer;

export interface GraphNode {
  /** Unique in the graph; also the layer's name in the LayersModel, so weights are `<name>/kernel`. */
  name: string;
  layer: GraphLayer;
  /** Names of the nodes it reads, in the order of its arguments; empty for the input. */
  inputs: readonly string[];
  /** JSON pointer of the layer in the run spec, for problems. */
  pointer: string;
}

/** One input, one output; nodes in an order in which each comes after those it reads. */
export interface Graph {
  nodes: readonly GraphNode[];
  input: string;
  output: string;
}

/** The shape of one example, without the batch axis: `[28, 28, 1]`. */
export type Shape = readonly number[];
