// Which layers a functional topology's layer reads. Keras 2 and TF.js write `[[["conv", 0, 0, {}]]]`;
// Keras 3 writes the arguments of the call, with tensors that remember the layer they came from.
import type { InputProblem } from '../errors.js';
import { isConfig, type Config } from './topology-config.js';

/** Names of the layers read, in order; empty for an input layer, and for links that were reported as faulty. */
export function readInbound(layer: Config, layerPointer: string, problems: InputProblem[]): string[] {
  const pointer = `${layerPointer}/inbound_nodes`;
  const calls = layer['inbound_nodes'];
  const isInput = layer['class_name'] === 'InputLayer';
  if (isInput && (calls === undefined || (Array.isArray(calls) && calls.length === 0))) return [];
  if (!Array.isArray(calls) || calls.length === 0 || isInput) {
    problems.push({ pointer, detail: isInput ? 'an input layer reads no other' : 'must name the layers that it reads' });
    return [];
  }
  if (calls.length > 1) {
    problems.push({ pointer, detail: 'the layer is used more than once; shared layers are not supported' });
    return [];
  }
  const names = isConfig(calls[0]) ? fromCall(calls[0]) : fromTriples(calls[0]);
  if (typeof names === 'string') {
    problems.push({ pointer, detail: names });
    return [];
  }
  return names;
}

/** The layer named by `input_layers` or `output_layers`: `[["dense", 0, 0]]` or `["dense", 0, 0]`. */
export function layerReference(value: unknown, { pointer, what, problems }: { pointer: string; what: string; problems: InputProblem[] }): string | null {
  const triples = Array.isArray(value) && typeof value[0] === 'string' ? [value] : value;
  if (!Array.isArray(triples) || triples.length === 0) {
    problems.push({ pointer, detail: `must name the ${what} layer` });
    return null;
  }
  if (triples.length > 1) {
    problems.push({ pointer, detail: `there are ${triples.length} ${what}s; only one is supported` });
    return null;
  }
  const name = fromTriple(triples[0]);
  if (name !== null) return name;
  problems.push({ pointer, detail: 'must be [layer name, 0, 0]: a layer that is called once and has one output' });
  return null;
}

/** A string is the fault. */
function fromTriples(call: unknown): string[] | string {
  const triples: unknown[] = Array.isArray(call) ? (typeof call[0] === 'string' ? [call] : call) : [];
  const names: string[] = [];
  for (const triple of triples) {
    const name = fromTriple(triple);
    if (name === null) return 'each link must be [layer name, 0, 0]: layers that are called once and have one output';
    const callArguments: unknown = (triple as unknown[])[3];
    if (isConfig(callArguments) && Object.values(callArguments).some((value) => value !== null)) return 'arguments of the call are not supported';
    names.push(name);
  }
  return names.length > 0 ? names : 'must name the layers that it reads';
}

function fromTriple(triple: unknown): string | null {
  if (!Array.isArray(triple)) return null;
  const [name, call, output] = triple as unknown[];
  return typeof name === 'string' && call === 0 && output === 0 ? name : null;
}

function fromCall(call: Config): string[] | string {
  const kwargs = call['kwargs'];
  if (isConfig(kwargs) && Object.values(kwargs).some((value) => value !== null)) return 'arguments of the call are not supported';
  const [first, ...rest] = Array.isArray(call['args']) ? (call['args'] as unknown[]) : [];
  if (rest.some((value) => value !== null)) return 'arguments of the call are not supported';
  const tensors = Array.isArray(first) ? (first as unknown[]) : [first];
  const names: string[] = [];
  for (const tensor of tensors) {
    const name = isConfig(tensor) && tensor['class_name'] === '__keras_tensor__' && isConfig(tensor['config']) ? fromTriple(tensor['config']['keras_history']) : null;
    if (name === null) return 'must read the outputs of layers that are called once and have one output';
    names.push(name);
  }
  return names;
}
