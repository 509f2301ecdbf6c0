// The contract between a layer's shape rule and the walk over the graph.
import type { Shape } from './graph-types.js';

/** Reports a fault of the layer, at one of its arguments where one is to blame. */
export type Fault = (detail: string, argument?: string) => void;

export interface RuleResult {
  /** Null when the output cannot even be guessed. */
  shape: Shape | null;
  weights?: readonly { name: string; shape: Shape; trainable: boolean }[];
  flops?: number;
}
