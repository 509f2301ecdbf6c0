// Whether the model's output, the loss and the data set's classes fit together.
import type { InputProblem } from '../errors.js';
import { argumentPointer, type Graph, type GraphNode, type Shape } from '../ml/graph.js';
import { effectiveLoss, isCrossentropy } from '../portable/answer.js';
import type { RunSpec } from '../schemas/spec.js';
import type { Findings } from './findings.js';

/** Layers that hand on probabilities as they are. */
const TRANSPARENT = new Set(['flatten', 'reshape', 'dropout']);
/** Activations whose outputs lie between 0 and 1. */
const PROBABILITIES = new Set(['softmax', 'sigmoid', 'hardSigmoid']);

export interface OutputFacts {
  graph: Graph;
  /** Null where a fault leaves it unknown. */
  outputShape: Shape | null;
  /** Null while the data set is unknown. */
  classCount: number | null;
}

export function checkOutput(spec: RunSpec, { graph, outputShape, classCount }: OutputFacts, { problems, warnings }: Findings): void {
  const loss = effectiveLoss(spec.loss);
  const output = graph.nodes.find((node) => node.name === graph.output);
  if (output === undefined) return;
  // One output is enough to tell two classes apart.
  const isPair = classCount === 2 && outputShape?.[0] === 1 && loss.type === 'binaryCrossentropy';
  if (classCount !== null && outputShape !== null && (outputShape.length !== 1 || (outputShape[0] !== classCount && !isPair))) {
    problems.push(wrongOutput(output, outputShape, classCount));
  }
  if (!isCrossentropy(loss.type)) return;
  const final = finalActivation(graph, output);
  if (loss.fromLogits && PROBABILITIES.has(final.activation)) {
    problems.push({ pointer: '/loss/fromLogits', detail: `the output is a ${final.activation} already ("${final.node.name}"); leave fromLogits out, or the activation` });
  }
  if (!loss.fromLogits && !PROBABILITIES.has(final.activation)) {
    warnings.push({
      pointer: '/loss',
      detail: `${loss.type} expects probabilities, but the output's activation is ${final.activation}; end with softmax, or set fromLogits`,
    });
  }
}

/** fromLogits belongs to cross-entropies; this needs no graph. */
export function checkLoss(spec: RunSpec): InputProblem[] {
  const loss = effectiveLoss(spec.loss);
  if (!loss.fromLogits || isCrossentropy(loss.type)) return [];
  return [{ pointer: '/loss/fromLogits', detail: `${loss.type} has no logits; only cross-entropies have` }];
}

function wrongOutput(output: GraphNode, outputShape: Shape, classCount: number): InputProblem {
  const detail = `the output is [${outputShape.join(', ')}], but the data set has ${classCount} classes: it must be [${classCount}]`;
  const onlySize = outputShape.length === 1 && output.layer.type === 'dense';
  return { pointer: onlySize ? argumentPointer(output, 'units') : output.pointer, detail };
}

/** The last activation function, looking through layers that keep values as they are. */
function finalActivation(graph: Graph, output: GraphNode): { activation: string; node: GraphNode } {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  let node = output;
  while (TRANSPARENT.has(node.layer.type)) {
    const before = byName.get(node.inputs[0] ?? '');
    if (before === undefined) break;
    node = before;
  }
  if (node.layer.type === 'softmax') return { activation: 'softmax', node };
  return { activation: ('activation' in node.layer ? node.layer.activation : undefined) ?? 'linear', node };
}
