// A model as a graph of layers: what both forms of a model spec (layer list, topology) become before
// shapes are inferred, memory is estimated or a LayersModel is built. Plain data.
import type { InputProblem } from '../errors.js';
import type { Layer } from '../schemas/layers.js';
import type { ModelSpec } from '../schemas/spec.js';
import { sameShape, wrongInput, type GraphCheck, type GraphNode, type Shape } from './graph-types.js';
import { graphFromTopology } from './topology.js';

export { argumentPointer, elementsOf, sameShape, snakeCase } from './graph-types.js';
export type { Graph, GraphCheck, GraphLayer, GraphNode, MergeLayer, Shape } from './graph-types.js';

/** The graph of a model spec for examples of `inputShape`. Pointers start at `/model`. */
export function graphFromModelSpec(model: ModelSpec, inputShape: Shape): GraphCheck {
  return 'layers' in model ? graphFromLayers(model.layers, inputShape) : graphFromTopology(model.topology, inputShape);
}

function graphFromLayers(layers: readonly Layer[], inputShape: Shape): GraphCheck {
  const problems: InputProblem[] = [];
  const given = new Set(layers.flatMap((layer) => layer.name ?? []));
  const used = new Set<string>();
  const nodes: GraphNode[] = [];
  layers.forEach((layer, index) => {
    const pointer = `/model/layers/${index}`;
    if (layer.name !== undefined && used.has(layer.name)) {
      problems.push({ pointer: `${pointer}/name`, detail: `another layer is named "${layer.name}" already` });
    }
    if (layer.type === 'input') {
      if (index > 0) {
        problems.push({ pointer: `${pointer}/type`, detail: 'an input layer can only be the first' });
        return;
      }
      if (!sameShape(layer.shape, inputShape)) problems.push(wrongInput(`${pointer}/shape`, layer.shape, inputShape));
    } else if (nodes.length === 0) {
      const name = freeName('input', (taken) => given.has(taken));
      used.add(name);
      nodes.push({ name, layer: { type: 'input', shape: [...inputShape] }, inputs: [], pointer: '/model' });
    }
    const name =
      layer.name !== undefined && !used.has(layer.name) ? layer.name : freeName(autoName(layer.type), (taken) => given.has(taken) || used.has(taken));
    used.add(name);
    const before = nodes.at(-1);
    nodes.push({ name, layer, inputs: before === undefined ? [] : [before.name], pointer });
  });
  const [input] = nodes;
  const output = nodes.at(-1);
  if (input === undefined || output === undefined || input === output) {
    problems.push({ pointer: '/model/layers', detail: 'needs a layer after the input' });
    return { graph: null, problems };
  }
  return { graph: { nodes, input: input.name, output: output.name }, problems };
}

/** Keras' automatic name of a layer type, before it is numbered: `maxPooling2d` is `max_pooling2d`. */
function autoName(type: Layer['type']): string {
  return type.replaceAll(/[A-Z]+/g, (letters, at: number) => `${at === 0 ? '' : '_'}${letters.toLowerCase()}`);
}

/** `dense`, `dense_1`, `dense_2`: the first that is not taken. */
function freeName(base: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(base)) return base;
  let number = 1;
  while (isTaken(`${base}_${number}`)) number += 1;
  return `${base}_${number}`;
}
