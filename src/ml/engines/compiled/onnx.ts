// ONNX models as bytes: the few messages of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 that a
// training graph needs. Numbers below are that file's field numbers and enum values.
import { PbfWriter } from 'pbf';

export const ELEMENT_TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof ELEMENT_TYPES;
/** Of what a typed array holds. */
export const elementTypeOf = (data: Uint8Array | Int32Array | Float32Array): 'uint8' | 'int32' | 'float32' =>
  data instanceof Uint8Array ? 'uint8' : data instanceof Int32Array ? 'int32' : 'float32';
export type ElementArray = Float32Array | Uint8Array | Int32Array | BigInt64Array;

/** Of a graph's input or output. A string names a size that is known only when the graph runs. */
export interface OnnxSignature {
  name: string;
  type: ElementType;
  shape: readonly (number | string)[];
}

export interface OnnxTensor {
  name: string;
  type: ElementType;
  shape: readonly number[];
  data: ElementArray;
}

export type OnnxAttribute = { int: number } | { ints: readonly number[] } | { float: number } | { text: string } | { graph: OnnxGraph };

export interface OnnxNode {
  op: string;
  /** '' is ONNX' own. */
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxGraph {
  inputs: readonly OnnxSignature[];
  outputs: readonly OnnxSignature[];
  initializers: readonly OnnxTensor[];
  /** In an order in which each comes after those it reads. */
  nodes: readonly OnnxNode[];
}

/** Operator sets: ONNX' own, and ONNX Runtime's blocked convolutions. */
const OPSETS = { '': 21, 'com.microsoft': 1, 'com.microsoft.nchwc': 1 } as const;
const IR_VERSION = 10;

function writeTensor(tensor: OnnxTensor, out: PbfWriter): void {
  for (const size of tensor.shape) out.writeVarintField(1, size);
  out.writeVarintField(2, ELEMENT_TYPES[tensor.type]);
  out.writeStringField(8, tensor.name);
  out.writeBytesField(9, new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
}

function writeDimension(size: number | string, out: PbfWriter): void {
  if (typeof size === 'string') out.writeStringField(2, size);
  else out.writeVarintField(1, size);
}

function writeSignature({ name, type, shape }: OnnxSignature, out: PbfWriter): void {
  const writeShape = (_: unknown, to: PbfWriter): void => shape.forEach((size) => to.writeMessage(1, writeDimension, size));
  const writeTensorType = (_: unknown, to: PbfWriter): void => {
    to.writeVarintField(1, ELEMENT_TYPES[type]);
    to.writeMessage(2, writeShape, null);
  };
  out.writeStringField(1, name);
  out.writeMessage(2, (_: unknown, to: PbfWriter) => to.writeMessage(1, writeTensorType, null), null);
}

function writeAttribute([name, value]: [string, OnnxAttribute], out: PbfWriter): void {
  out.writeStringField(1, name);
  if ('float' in value) {
    out.writeFloatField(2, value.float);
    out.writeVarintField(20, 1);
  } else if ('int' in value) {
    out.writeVarintField(3, value.int);
    out.writeVarintField(20, 2);
  } else if ('text' in value) {
    out.writeBytesField(4, new TextEncoder().encode(value.text));
    out.writeVarintField(20, 3);
  } else if ('graph' in value) {
    out.writeMessage(6, writeGraph, value.graph);
    out.writeVarintField(20, 5);
  } else {
    for (const int of value.ints) out.writeVarintField(8, int);
    out.writeVarintField(20, 7);
  }
}

function writeNode(node: OnnxNode, out: PbfWriter): void {
  for (const input of node.inputs) out.writeStringField(1, input);
  for (const output of node.outputs) out.writeStringField(2, output);
  out.writeStringField(3, node.outputs[0] ?? '');
  out.writeStringField(4, node.op);
  for (const attribute of Object.entries(node.attributes)) out.writeMessage(5, writeAttribute, attribute);
  out.writeStringField(7, node.domain);
}

function writeGraph(graph: OnnxGraph, out: PbfWriter): void {
  for (const node of graph.nodes) out.writeMessage(1, writeNode, node);
  out.writeStringField(2, 'trainyard');
  for (const tensor of graph.initializers) out.writeMessage(5, writeTensor, tensor);
  for (const input of graph.inputs) out.writeMessage(11, writeSignature, input);
  for (const output of graph.outputs) out.writeMessage(12, writeSignature, output);
}

/** The graph as a model file. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const out = new PbfWriter();
  out.writeVarintField(1, IR_VERSION);
  out.writeMessage(7, writeGraph, graph);
  for (const [domain, version] of Object.entries(OPSETS)) {
    const writeOpset = (_: unknown, to: PbfWriter): void => {
      to.writeStringField(1, domain);
      to.writeVarintField(2, version);
    };
    out.writeMessage(8, writeOpset, null);
  }
  return out.finish();
}
