// A graph of layers as a TF.js LayersModel: names, initial weights, penalties and dropout are the graph's
// and the seed's. Defaults are Keras', also where TF.js has others (it starts convolutions by glorotNormal).
import * as tfl from '@tensorflow/tfjs-layers';
import type { Initializer, Regularizer } from '../schemas/layers.js';
import { SeededDropout, type DropoutSource } from './dropout.js';
import type { Graph, GraphLayer, GraphNode, Shape } from './graph-types.js';
import { layerInitializer } from './initializers.js';
import { applyAlong, repairedBatchNormalization, repairedDepthwiseConv2d, repairedLayerNormalization, repairedSeparableConv2d } from './layer-repairs.js';

type Layer = tfl.layers.Layer;
type Of<T extends GraphLayer['type']> = Extract<GraphLayer, { type: T }>;

/** What a layer needs beside its own arguments. */
interface Making {
  name: string;
  seed: number;
  dropout: DropoutSource;
  /** Index of the node in the graph. */
  index: number;
}
type Make<T extends GraphLayer['type']> = (layer: Of<T>, making: Making) => Layer;

/** `fallback` when absent. The weight's name within the layer is the argument's, less "Initializer". */
function initializers(layer: object, making: Making, fallbacks: Record<string, Initializer>) {
  const given = layer as Record<string, Initializer | undefined>;
  return Object.fromEntries(
    Object.entries(fallbacks).map(([argument, fallback]) => {
      const weight = `${making.name}/${argument.replace(/Initializer$/, '')}`;
      return [argument, layerInitializer(given[argument] ?? fallback, { seed: making.seed, weight })];
    }),
  );
}

function regularizers(layer: object) {
  const given = Object.entries(layer).filter(([argument]) => argument.endsWith('Regularizer')) as [string, Regularizer][];
  // Both given: TF.js takes an absent factor for 0.01.
  return Object.fromEntries(given.map(([argument, { l1 = 0, l2 = 0 }]) => [argument, tfl.regularizers.l1l2({ l1, l2 })]));
}

/**
 * The arguments that TF.js takes as they are, with initializers and penalties made. The spec's schema has
 * checked them; TF.js' types know fewer forms than its constructors (a number for a pair, say).
 */
function args<A>(layer: GraphLayer, making: Making, fallbacks: Record<string, Initializer> = {}): A {
  const { type: _type, ...plain } = layer;
  return { ...plain, ...regularizers(layer), ...initializers(layer, making, fallbacks), name: making.name } as A;
}

const kernel = { kernelInitializer: 'glorotUniform', biasInitializer: 'zeros' } as const;
const depthwise = { depthwiseInitializer: 'glorotUniform', biasInitializer: 'zeros' } as const;
const separable = { ...depthwise, pointwiseInitializer: 'glorotUniform' } as const;
const normalization = { betaInitializer: 'zeros', gammaInitializer: 'ones' } as const;
const moving = { movingMeanInitializer: 'zeros', movingVarianceInitializer: 'ones' } as const;

/** Keras' stride of a pooling layer is its window, which is 2 when absent. */
function pooling<A extends object>(layer: Of<'maxPooling2d' | 'averagePooling2d'>, making: Making): A {
  const poolSize = layer.poolSize ?? 2;
  return { ...args<A>(layer, making), poolSize, strides: layer.strides ?? poolSize };
}

const MAKERS: { [T in Exclude<GraphLayer['type'], 'input'>]: Make<T> } = {
  flatten: (layer, making) => tfl.layers.flatten(args(layer, making)),
  reshape: (layer, making) => tfl.layers.reshape({ ...args<{ name: string }>(layer, making), targetShape: [...layer.targetShape] }),
  dense: (layer, making) => tfl.layers.dense(args(layer, making, kernel)),
  conv2d: (layer, making) => tfl.layers.conv2d(args(layer, making, kernel)),
  depthwiseConv2d: (layer, making) => repairedDepthwiseConv2d(args(layer, making, depthwise)),
  separableConv2d: (layer, making) => repairedSeparableConv2d(args(layer, making, separable)),
  maxPooling2d: (layer, making) => tfl.layers.maxPooling2d(pooling(layer, making)),
  averagePooling2d: (layer, making) => tfl.layers.averagePooling2d(pooling(layer, making)),
  globalAveragePooling2d: (layer, making) => tfl.layers.globalAveragePooling2d(args(layer, making)),
  globalMaxPooling2d: (layer, making) => tfl.layers.globalMaxPooling2d(args(layer, making)),
  dropout: (layer, { name, dropout, index }) => new SeededDropout({ name, rate: layer.rate, source: dropout, index }),
  batchNormalization: (layer, making) =>
    repairedBatchNormalization(args({ ...layer, axis: -1 }, making, { ...normalization, ...moving })),
  layerNormalization: (layer, making) => repairedLayerNormalization(args(layer, making, normalization)),
  activation: (layer, making) => tfl.layers.activation(args(layer, making)),
  reLU: (layer, making) => tfl.layers.reLU(args(layer, making)),
  leakyReLU: (layer, making) => tfl.layers.leakyReLU(args(layer, making)),
  elu: (layer, making) => tfl.layers.elu(args(layer, making)),
  // TF.js' own default is axis 1.
  softmax: (layer, making) => tfl.layers.softmax({ ...args<{ name: string }>(layer, making), axis: layer.axis ?? -1 }),
  add: (layer, making) => tfl.layers.add(args(layer, making)),
  multiply: (layer, making) => tfl.layers.multiply(args(layer, making)),
  average: (layer, making) => tfl.layers.average(args(layer, making)),
  maximum: (layer, making) => tfl.layers.maximum(args(layer, making)),
  minimum: (layer, making) => tfl.layers.minimum(args(layer, making)),
  concatenate: (layer, making) => tfl.layers.concatenate(args(layer, making)),
};

function makeLayer(layer: Exclude<GraphLayer, { type: 'input' }>, making: Making): Layer {
  return (MAKERS[layer.type] as Make<typeof layer.type>)(layer as never, making);
}

export interface ModelOptions {
  inputShape: Shape;
  seed: number;
  /** Draws the masks of the dropout layers. */
  dropout: DropoutSource;
}

/**
 * Builds the model of a concrete graph (no -1 in a reshape) on the current TF.js backend; the caller
 * disposes it. A layer's name is its node's, so weights are `<node>/kernel`.
 * @throws Error when TF.js refuses a layer; the message starts with the node's name.
 */
export function buildModel(graph: Graph, { inputShape, seed, dropout }: ModelOptions): tfl.LayersModel {
  const outputs = new Map<string, tfl.SymbolicTensor>();
  const read = (name: string): tfl.SymbolicTensor => {
    const output = outputs.get(name);
    if (output === undefined) throw new Error(`layer ${name} is read before it is there`);
    return output;
  };
  const build = ({ name, layer, inputs }: GraphNode, index: number): tfl.SymbolicTensor => {
    if (layer.type === 'input') return tfl.input({ shape: [...inputShape], name });
    const sources = inputs.map(read);
    const made = makeLayer(layer, { name, seed, dropout, index });
    if (layer.type === 'batchNormalization') return applyAlong(made, sources[0]!, layer.axis ?? -1);
    return made.apply(sources.length === 1 ? sources[0]! : sources) as tfl.SymbolicTensor;
  };
  graph.nodes.forEach((node, index) => {
    try {
      outputs.set(node.name, build(node, index));
    } catch (cause) {
      throw new Error(`${node.name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  });
  return tfl.model({ name: 'model', inputs: read(graph.input), outputs: read(graph.output) });
}
