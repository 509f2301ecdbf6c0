// A model as Keras or TF.js write it (`model.to_json()`, a model.json's modelTopology), read as a graph.
// Format: https://keras.io/api/models/model_saving_apis/model_config_serialization/ ; Keras 2, 3 and TF.js differ in details.
import type { InputProblem } from '../errors.js';
import { pointerTo } from '../schemas/pointer.js';
import { wrongInput, type GraphCheck, type GraphNode, type Shape } from './graph-types.js';
import { ConfigReader, isConfig, type Config, type Dialect } from './topology-config.js';
import { layerReference, readInbound } from './topology-inbound.js';
import { readLayer } from './topology-layers.js';
import { inOrder, unreachable } from './topology-order.js';

const MAX_LAYERS = 1000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_./-]{0,127}$/;
const LAYER_MODULE = /^(tensorflow\.|tf_)?keras\.(src\.)?layers(\.|$)/;

/** What reading a topology carries along. */
interface Reading {
  dialect: Dialect;
  inputShape: Shape;
  problems: InputProblem[];
}

/** An entry of `config.layers`, read; `null` layers were reported. */
interface Entry {
  node: GraphNode;
  raw: Config;
}

/** One input, one output, no nested or shared layers; anything else is a problem with its pointer. */
export function graphFromTopology(topology: Readonly<Record<string, unknown>>, inputShape: Shape): GraphCheck {
  const { model, pointer } = unwrap(topology);
  const problems: InputProblem[] = [];
  const className = model['class_name'];
  const config = model['config'];
  const reading: Reading = { dialect: dialectOf(topology, model), inputShape, problems };
  const sequential = className === 'Sequential';
  if (!sequential && className !== 'Functional' && className !== 'Model') {
    const detail = className === undefined ? 'is required: a topology is what model.to_json() gave' : 'must be Sequential, Functional or Model';
    return { graph: null, problems: [{ pointer: `${pointer}/class_name`, detail }] };
  }
  // Keras before 2.2.3 wrote a sequential model's layers without an object around them.
  const layers = Array.isArray(config) ? config : isConfig(config) ? config['layers'] : undefined;
  const layersPointer = Array.isArray(config) ? `${pointer}/config` : `${pointer}/config/layers`;
  if (!Array.isArray(layers)) return { graph: null, problems: [{ pointer: layersPointer, detail: 'must be a list of layers' }] };
  if (layers.length > MAX_LAYERS) return { graph: null, problems: [{ pointer: layersPointer, detail: `must have at most ${MAX_LAYERS} layers` }] };
  const entries = readEntries(layers, layersPointer, reading);
  const graph = sequential
    ? sequentialGraph(entries, layersPointer, reading)
    : functionalGraph(entries, { config: config as Config, pointer: `${pointer}/config` }, reading);
  return { graph: problems.length === 0 ? graph : null, problems };
}

/** Looks through `{modelTopology}` (a TF.js model.json) and `{model_config}` (a converted HDF5 file). */
function unwrap(topology: Config): { model: Config; pointer: string } {
  let model = topology;
  let pointer = '/model/topology';
  for (const wrapper of ['modelTopology', 'model_config'] as const) {
    const inner = model[wrapper];
    if (model['class_name'] === undefined && isConfig(inner)) {
      model = inner;
      pointer = pointerTo(pointer, wrapper);
    }
  }
  return { model, pointer };
}

function dialectOf(topology: Config, model: Config): Dialect {
  const inner = isConfig(topology['modelTopology']) ? topology['modelTopology'] : topology;
  const version = model['keras_version'] ?? inner['keras_version'];
  if (typeof version === 'string') return version.startsWith('3') ? 'keras3' : 'keras2';
  return typeof model['module'] === 'string' ? 'keras3' : 'keras2';
}

function readEntries(layers: readonly unknown[], layersPointer: string, reading: Reading): (Entry | null)[] {
  const names = new Set<string>();
  return layers.map((raw, index) => {
    const pointer = `${layersPointer}/${index}`;
    const entry = readEntry(raw, pointer, reading);
    if (entry === null) return null;
    const { name } = entry.node;
    if (!NAME.test(name)) reading.problems.push({ pointer: `${pointer}/config/name`, detail: 'must be a name of letters, digits and _ . - /, at most 128 long' });
    else if (names.has(name)) reading.problems.push({ pointer: `${pointer}/config/name`, detail: `another layer is named "${name}" already` });
    names.add(name);
    return entry;
  });
}

function readEntry(raw: unknown, pointer: string, { dialect, inputShape, problems }: Reading): Entry | null {
  if (!isConfig(raw) || typeof raw['class_name'] !== 'string' || !isConfig(raw['config'])) {
    problems.push({ pointer, detail: 'must be a layer: {class_name, config}' });
    return null;
  }
  const { class_name: className, config, module } = raw as { class_name: string; config: Config; module?: unknown };
  const reader = new ConfigReader(config, { pointer: `${pointer}/config`, dialect, problems });
  const name = String(config['name'] ?? raw['name'] ?? '');
  // Keras 3 writes `a + b` as a class "Add" too, but from its operations.
  if (typeof module === 'string' && !LAYER_MODULE.test(module) && !['Sequential', 'Functional', 'Model'].includes(className)) {
    problems.push({ pointer: `${pointer}/module`, detail: `${JSON.stringify(className)} of ${JSON.stringify(module)} is no layer of Keras; operations and custom classes are not supported` });
    return null;
  }
  checkDeclaredShape(config, `${pointer}/config`, { inputShape, problems, isInput: className === 'InputLayer' });
  if (className === 'InputLayer') {
    reader.finish();
    return { node: { name, layer: { type: 'input', shape: [...inputShape] }, inputs: [], pointer }, raw };
  }
  const read = readLayer(className, reader);
  if (read.layer === null) {
    problems.push({ pointer: `${pointer}/class_name`, detail: read.detail });
    return null;
  }
  return { node: { name, layer: read.layer, inputs: [], pointer }, raw };
}

/** A declared batch shape must fit the data set's; null axes fit all. */
function checkDeclaredShape(config: Config, pointer: string, { inputShape, problems, isInput }: { inputShape: Shape; problems: InputProblem[]; isInput: boolean }): void {
  for (const key of ['batch_input_shape', 'batch_shape'] as const) {
    const declared = config[key];
    if (declared === undefined || declared === null) continue;
    const sizes = Array.isArray(declared) ? (declared as unknown[]).slice(1) : [];
    const fits = sizes.length === inputShape.length && sizes.every((size, axis) => size === null || size === inputShape[axis]);
    if (!fits) problems.push(wrongInput(pointerTo(pointer, key), sizes.map((size) => Number(size ?? -1)), inputShape));
  }
  if (isInput && config['batch_input_shape'] === undefined && config['batch_shape'] === undefined) {
    problems.push({ pointer: pointerTo(pointer, 'batch_shape'), detail: 'is required' });
  }
}

function sequentialGraph(entries: readonly (Entry | null)[], pointer: string, { inputShape, problems }: Reading): GraphCheck['graph'] {
  const nodes: GraphNode[] = [];
  const names = new Set(entries.map((entry) => entry?.node.name));
  entries.forEach((entry, index) => {
    if (entry === null) return;
    const isInput = entry.node.layer.type === 'input';
    if (isInput && index > 0) problems.push({ pointer: `${entry.node.pointer}/class_name`, detail: 'an input layer can only be the first' });
    if (entry.node.layer.type in MERGES) problems.push({ pointer: `${entry.node.pointer}/class_name`, detail: 'joins branches, which a Sequential model has not' });
    if (index === 0 && !isInput) nodes.push({ name: names.has('input') ? 'input_layer' : 'input', layer: { type: 'input', shape: [...inputShape] }, inputs: [], pointer });
    const before = nodes.at(-1);
    nodes.push({ ...entry.node, inputs: before === undefined ? [] : [before.name] });
  });
  const input = nodes[0];
  const output = nodes.at(-1);
  if (input === undefined || output === undefined || input === output) {
    if (problems.length === 0) problems.push({ pointer, detail: 'needs a layer after the input' });
    return null;
  }
  return { nodes, input: input.name, output: output.name };
}

const MERGES = { add: true, multiply: true, average: true, maximum: true, minimum: true, concatenate: true };

function functionalGraph(entries: readonly (Entry | null)[], model: { config: Config; pointer: string }, { problems }: Reading): GraphCheck['graph'] {
  const input = layerReference(model.config['input_layers'], { pointer: `${model.pointer}/input_layers`, what: 'input', problems });
  const output = layerReference(model.config['output_layers'], { pointer: `${model.pointer}/output_layers`, what: 'output', problems });
  // A layer that could not be read was reported; its readers' links are then not worth a second report.
  if (entries.includes(null) || input === null || output === null) return null;
  const nodes = (entries as Entry[]).map(({ node, raw }) => ({ ...node, inputs: readInbound(raw, node.pointer, problems) }));
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const [name, key] of [[input, 'input_layers'], [output, 'output_layers']] as const) {
    if (!byName.has(name)) problems.push({ pointer: `${model.pointer}/${key}`, detail: `there is no layer "${name}"` });
  }
  for (const node of nodes) checkLinks(node, { byName, input, problems });
  if (problems.length > 0) return null;
  const ordered = inOrder(nodes);
  if (ordered === null) {
    problems.push({ pointer: `${model.pointer}/layers`, detail: 'the layers read one another in a circle' });
    return null;
  }
  for (const node of unreachable(nodes, output)) problems.push({ pointer: node.pointer, detail: `"${node.name}" does not lead to the output` });
  return { nodes: ordered, input, output };
}

function checkLinks(node: GraphNode, { byName, input, problems }: { byName: ReadonlyMap<string, GraphNode>; input: string; problems: InputProblem[] }): void {
  const pointer = `${node.pointer}/inbound_nodes`;
  for (const name of node.inputs) if (!byName.has(name)) problems.push({ pointer, detail: `there is no layer "${name}"` });
  if (node.layer.type === 'input') {
    if (node.name !== input) problems.push({ pointer: node.pointer, detail: 'a second input: only one is supported' });
  } else if (node.layer.type in MERGES) {
    if (node.inputs.length < 2) problems.push({ pointer, detail: 'must join at least two layers' });
  } else if (node.inputs.length > 1) {
    problems.push({ pointer, detail: `must read one layer, not ${node.inputs.length}` });
  }
}
