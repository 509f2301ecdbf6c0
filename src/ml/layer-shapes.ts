// Shapes, weights and costs of a graph by arithmetic alone: nothing is allocated and TensorFlow is not
// loaded, so a model of any size is judged in milliseconds. Rules are Keras'; what TF.js cannot compute
// or train is refused here with its reason.
import type { InputProblem } from '../errors.js';
import { applyRule, checkArguments } from './layer-rules.js';
import { argumentPointer, elementsOf, type Graph, type GraphLayer, type GraphNode, type Shape } from './graph-types.js';

export interface WeightShape {
  /** As in the LayersModel: `dense/kernel`. */
  name: string;
  shape: Shape;
  /** False for moving averages. */
  trainable: boolean;
}

export interface LayerShape {
  name: string;
  type: GraphLayer['type'];
  /** Of one example; null where a fault further up leaves it unknown. */
  outputShape: Shape | null;
  weights: readonly WeightShape[];
  parameterCount: number;
  trainableParameterCount: number;
  /** Estimate for one example's forward pass; a multiplication and an addition count as two. */
  flops: number;
}

/** What TF.js can index: sizes beyond are refused before anything is multiplied into infinity. */
const MAX_SIZE = 2 ** 31 - 1;

/**
 * Infers every layer's output. After a fault it goes on with what the layer was probably meant to give, so
 * that all faults come at once; what depends on an unknown shape is left out.
 */
export function inferShapes(graph: Graph, inputShape: Shape): { layers: LayerShape[]; problems: InputProblem[] } {
  const problems: InputProblem[] = [];
  const outputs = new Map<string, Shape | null>();
  const layers = graph.nodes.map((node) => {
    const inferred = inferLayer(node, { inputShape, outputs, problems });
    outputs.set(node.name, inferred.outputShape);
    return inferred;
  });
  return { layers, problems };
}

/**
 * The graph with what TF.js cannot work out made explicit: a free axis of a reshape (it leaves the size
 * unknown, and the next layer fails) and a softmax's axis (its default is the first).
 */
export function concreteGraph(graph: Graph, layers: readonly LayerShape[]): Graph {
  const shapes = new Map(layers.map((layer) => [layer.name, layer.outputShape]));
  const nodes = graph.nodes.map((node): GraphNode => {
    const shape = shapes.get(node.name);
    if (node.layer.type === 'reshape' && shape) return { ...node, layer: { ...node.layer, targetShape: [...shape] } };
    return node.layer.type === 'softmax' ? { ...node, layer: { ...node.layer, axis: -1 } } : node;
  });
  return { ...graph, nodes };
}

interface Walk {
  inputShape: Shape;
  outputs: ReadonlyMap<string, Shape | null>;
  problems: InputProblem[];
}

function inferLayer(node: GraphNode, { inputShape, outputs, problems }: Walk): LayerShape {
  const { name, layer } = node;
  const fault = (detail: string, argument?: string): void => {
    problems.push({ pointer: argument === undefined ? node.pointer : argumentPointer(node, argument), detail });
  };
  if (layer.type === 'input') return { name, type: 'input', outputShape: inputShape, weights: [], parameterCount: 0, trainableParameterCount: 0, flops: 0 };
  checkArguments(layer, fault);
  const inputs = node.inputs.map((input) => outputs.get(input) ?? null);
  const known = inputs.filter((shape) => shape !== null);
  const none = { name, type: layer.type, outputShape: null, weights: [], parameterCount: 0, trainableParameterCount: 0, flops: 0 };
  if (known.length < inputs.length || known.length === 0) return none;
  const { shape, weights = [], flops = 0 } = applyRule(layer, known, fault);
  if (shape !== null && !(elementsOf(shape) <= MAX_SIZE)) {
    fault(`one example would have [${shape.join(', ')}] outputs, more than ${MAX_SIZE} numbers`, blamed(layer));
    return none;
  }
  const count = (some: readonly { shape: Shape }[]): number => some.reduce((sum, weight) => sum + elementsOf(weight.shape), 0);
  return {
    name,
    type: layer.type,
    outputShape: shape,
    weights: weights.map((weight) => ({ ...weight, name: `${name}/${weight.name}` })),
    parameterCount: count(weights),
    trainableParameterCount: count(weights.filter((weight) => weight.trainable)),
    flops,
  };
}

/** The argument that makes an output large. */
function blamed(layer: GraphLayer): string | undefined {
  if (layer.type === 'dense') return 'units';
  if (layer.type === 'conv2d' || layer.type === 'separableConv2d') return 'filters';
  return layer.type === 'depthwiseConv2d' ? 'depthMultiplier' : undefined;
}
