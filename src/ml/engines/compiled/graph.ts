// Builds one ONNX graph node by node; every value knows its shape and type.
import { sameShape } from '../../graph-types.js';
import { ELEMENT_TYPES, type ElementArray, type ElementType, type OnnxAttribute, type OnnxGraph, type OnnxNode, type OnnxSignature, type OnnxTensor } from './onnx.js';

export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: ElementType;
}

/** Whether only the last axis is longer than 1. */
export const isVector = (shape: readonly number[]): boolean => shape.slice(0, -1).every((size) => size === 1);

type Attribute = number | string | readonly number[] | OnnxAttribute;

interface NodeOptions {
  /** Of the first output; its type is the first input's unless given. */
  shape: readonly number[];
  type?: ElementType;
  attributes?: Readonly<Record<string, Attribute>>;
  domain?: string;
}

const SMALL = 64;
const asAttribute = (value: Attribute): OnnxAttribute => {
  if (typeof value === 'number') return { int: value };
  if (typeof value === 'string') return { text: value };
  return Array.isArray(value) ? { ints: value as readonly number[] } : (value as OnnxAttribute);
};

/** Inputs, and what the graphs within it read from outside. */
function readBy({ inputs, attributes }: OnnxNode): string[] {
  const inner = Object.values(attributes).flatMap((attribute) => ('graph' in attribute ? attribute.graph.nodes.flatMap(readBy) : []));
  return [...inputs, ...inner];
}

/** Names are unique over the graphs made with one counter, as a graph within a graph needs. */
export class Names {
  #count = 0;
  next(hint: string): string {
    return `${hint}_${(this.#count += 1)}`;
  }
}

export class GraphBuilder {
  readonly names: Names;
  readonly #inputs: OnnxSignature[] = [];
  readonly #outputs: OnnxSignature[] = [];
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxTensor[] = [];
  readonly #constants = new Map<string, Value>();
  readonly #known = new Map<string, Value>();
  /** Names that nodes of this graph gave. */
  readonly #made = new Set<string>();
  /** What a value was before it was reshaped. */
  readonly #reshaped = new Map<string, Value>();
  readonly #renamed = new Map<string, string>();

  constructor(names = new Names()) {
    this.names = names;
  }

  /** An input whose shape is known; `signature` may leave sizes open. */
  input(name: string, value: Omit<Value, 'name'>, signature: readonly (number | string)[] = value.shape): Value {
    this.#inputs.push({ name, type: value.type, shape: signature });
    return { name, ...value };
  }

  /** Makes `value` an output under a name of its own. */
  output(name: string, value: Value, signature: readonly (number | string)[] = value.shape): void {
    // Copied only where it is something else as well: an input, a constant or another output.
    if (!this.#made.has(value.name) || this.#renamed.has(value.name)) this.#nodes.push({ op: 'Identity', domain: '', inputs: [value.name], outputs: [name], attributes: {} });
    else this.#renamed.set(value.name, name);
    this.#outputs.push({ name, type: value.type, shape: signature });
  }

  /** Adds a node with one output. The same node on the same inputs is made once. */
  add(op: string, inputs: readonly Value[], { shape, type, attributes = {}, domain = '' }: NodeOptions): Value {
    const key = `${domain}/${op}(${inputs.map(({ name }) => name).join()})${JSON.stringify(attributes)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const value: Value = { name: this.names.next(op), shape: [...shape], type: type ?? inputs[0]!.type };
    this.#push(op, { inputs, outputs: [value], attributes, domain });
    this.#known.set(key, value);
    return value;
  }

  /** Adds a node with several outputs. */
  addMany(op: string, inputs: readonly Value[], options: { outputs: readonly Omit<Value, 'name'>[]; attributes?: NodeOptions['attributes']; domain?: string }): Value[] {
    const outputs = options.outputs.map((output) => ({ ...output, name: this.names.next(op) }));
    this.#push(op, { inputs, outputs, attributes: options.attributes ?? {}, domain: options.domain ?? '' });
    return outputs;
  }

  /** Small ones are shared. */
  constant(data: ElementArray, type: ElementType, shape: readonly number[] = [data.length]): Value {
    const key = data.length <= SMALL ? `${type}[${shape.join()}]${data.join()}` : null;
    const known = key === null ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const value: Value = { name: this.names.next('constant'), shape: [...shape], type };
    this.#initializers.push({ name: value.name, type, shape, data });
    if (key !== null) this.#constants.set(key, value);
    return value;
  }

  scalar(value: number, type: 'float32' | 'int32' = 'float32'): Value {
    return this.constant(type === 'float32' ? Float32Array.of(value) : Int32Array.of(value), type, []);
  }

  /** A vector of sizes, axes or places, as many operators take them. */
  ints(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), 'int64');
  }

  reshape(value: Value, shape: readonly number[]): Value {
    const source = this.#reshaped.get(value.name) ?? value;
    if (sameShape(source.shape, shape)) return source;
    const made = this.add('Reshape', [source, this.ints(shape)], { shape });
    this.#reshaped.set(made.name, source);
    return made;
  }

  transpose(value: Value, order: readonly number[]): Value {
    if (order.every((from, to) => from === to)) return value;
    return this.add('Transpose', [value], { shape: order.map((axis) => value.shape[axis]!), attributes: { perm: order } });
  }

  /**
   * A transposition that leaves the last axis where it is: rows are gathered, which the runtime does on all cores, and
   * transposing on one.
   */
  transposeRows(value: Value, order: readonly number[]): Value {
    const rank = value.shape.length;
    if (order.at(-1) !== rank - 1) throw new Error('the last axis moves');
    const row = value.shape.at(-1)!;
    const shape = order.map((axis) => value.shape[axis]!);
    const strides = value.shape.slice(0, -1).map((_, axis) => value.shape.slice(axis + 1, -1).reduce((product, size) => product * size, 1));
    let rows = Int32Array.of(0);
    for (const axis of order.slice(0, -1)) {
      const [size, stride, outer] = [value.shape[axis]!, strides[axis]!, rows];
      rows = new Int32Array(outer.length * size);
      outer.forEach((start, i) => {
        for (let j = 0; j < size; j++) rows[i * size + j] = start + j * stride;
      });
    }
    const flat = this.reshape(value, [rows.length, row]);
    const gathered = this.add('Gather', [flat, this.#rowOrder(rows, `${value.shape.join()}:${order.join()}`)], { shape: [rows.length, row], attributes: { axis: 0 } });
    return this.reshape(gathered, shape);
  }

  /** A large constant that is made again and again. */
  #rowOrder(rows: Int32Array, key: string): Value {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const value = this.constant(rows, 'int32');
    this.#constants.set(key, value);
    return value;
  }

  cast(value: Value, type: ElementType): Value {
    if (value.type === type) return value;
    return this.add('Cast', [value], { shape: value.shape, type, attributes: { to: ELEMENT_TYPES[type] } });
  }

  /** Zeros around a value; `before` and `after` by axis. */
  pad(value: Value, before: readonly number[], after: readonly number[]): Value {
    if ([...before, ...after].every((size) => size === 0)) return value;
    const shape = value.shape.map((size, axis) => size + before[axis]! + after[axis]!);
    return this.add('Pad', [value, this.ints([...before, ...after])], { shape });
  }

  /** Of the first axis, what `index` names. */
  gather(value: Value, index: Value): Value {
    return this.add('Gather', [value, index], { shape: [...index.shape, ...value.shape.slice(1)], attributes: { axis: 0 } });
  }

  /** The first `size` along `axis`. */
  first(value: Value, axis: number, size: number): Value {
    return this.slice(value, { axis, from: 0, size });
  }

  slice(value: Value, { axis, from, size }: { axis: number; from: number; size: number }): Value {
    if (from === 0 && value.shape[axis] === size) return value;
    const shape = value.shape.map((length, i) => (i === axis ? size : length));
    return this.add('Slice', [value, this.ints([from]), this.ints([from + size]), this.ints([axis])], { shape });
  }

  finish(): OnnxGraph {
    const named = (name: string): string => this.#renamed.get(name) ?? name;
    const nodes = this.#used().map((node) => ({ ...node, inputs: node.inputs.map(named), outputs: node.outputs.map(named) }));
    return { inputs: this.#inputs, outputs: this.#outputs, initializers: this.#initializers, nodes };
  }

  /** Nodes that an output depends on: a trace also leaves what nothing reads, and the runtime would compute it. */
  #used(): OnnxNode[] {
    const needed = new Set(this.#outputs.map(({ name }) => name));
    for (const [name, renamed] of this.#renamed) if (needed.has(renamed)) needed.add(name);
    const used: OnnxNode[] = [];
    for (const node of this.#nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      used.push(node);
      for (const name of readBy(node)) needed.add(name);
    }
    return used.reverse();
  }

  #push(op: string, { inputs, outputs, attributes, domain }: { inputs: readonly Value[]; outputs: readonly Value[]; attributes: Readonly<Record<string, Attribute>>; domain: string }): void {
    for (const { name } of outputs) this.#made.add(name);
    this.#nodes.push({
      op,
      domain,
      inputs: inputs.map(({ name }) => name),
      outputs: outputs.map(({ name }) => name),
      attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, asAttribute(value)])),
    });
  }
}
