// The shape of a model as data: nodes, their order and their places in the run spec. Everything that reads
// or makes a graph shares these; take them from graph.ts.
import type { InputProblem } from '../errors.js';
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

/**
 * A graph, and what is wrong with the model. Faults that leave shapes meaningful (a name used twice) come
 * with a graph, so that later checks can add theirs; otherwise `graph` is null.
 */
export interface GraphCheck {
  graph: Graph | null;
  problems: InputProblem[];
}

/** Numbers in a tensor of this shape. */
export function elementsOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

export function wrongInput(pointer: string, declared: Shape, inputShape: Shape): InputProblem {
  return { pointer, detail: `is [${declared.join(', ')}], but one example of the data set is [${inputShape.join(', ')}]` };
}

/** Where an argument of a node stands in the run spec: the argument if it is given there, else the layer. */
export function argumentPointer(node: GraphNode, argument: string): string {
  if (!Object.hasOwn(node.layer, argument)) return node.pointer;
  // Topologies write their arguments in snake case, inside `config`.
  return node.pointer.startsWith('/model/topology') ? `${node.pointer}/config/${snakeCase(argument)}` : `${node.pointer}/${argument}`;
}

/** `kernelSize` as Keras writes it: `kernel_size`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
