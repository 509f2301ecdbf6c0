// Operators that work number by number. They compute on whatever layout their operands already have, and on
// values as small as broadcasting allows.
import * as tf from '@tensorflow/tfjs-core';
import { isVector, type Value } from '../graph.js';
import type { Layouts } from '../layouts.js';
import { Traced, type TracedType } from '../traced.js';
import type { KernelRule } from '../tracer.js';
import { affineNegative, affineProduct, affineQuotient, affineSum } from './affine.js';
import { withBias, withRelu } from './convolution-blocked.js';

/** Nodes for the operands; they have been brought into one layout. */
type Emit = (layouts: Layouts, operands: readonly Value[], attrs: Readonly<Record<string, unknown>>) => Value;

interface Operator {
  emit: Emit;
  /** Of the result; the first operand's when absent. */
  dtype?: TracedType;
  /**
   * What the padding of an operand's channels must be for a finite result, where operands may be blocked:
   * by operand, 0 when absent. null: they may not.
   */
  padding?: readonly number[] | null;
}

const broadcastOf = (values: readonly Value[]): number[] =>
  values.reduce<number[]>((shape, value) => tf.broadcast_util.assertAndGetBroadcastShape(shape, [...value.shape]), []);

/** One ONNX operator of the same meaning. */
const op =
  (name: string, attributes: Record<string, number | { float: number }> = {}): Emit =>
  ({ graph }, values) => graph.add(name, values, { shape: broadcastOf(values), attributes });
const compare =
  (name: string): Emit =>
  ({ graph }, values) => graph.add(name, values, { shape: broadcastOf(values), type: 'bool' });

function withBlocks(layouts: Layouts, operands: readonly Traced[], shape: readonly number[], padding: readonly number[]): Value[] | null {
  if (layouts.block === null || shape.length !== 4 || !operands.some((operand) => operand.livesBlocked)) return null;
  const values = operands.map((operand, i) => layouts.blockedOperand(operand, shape, padding[i] ?? 0));
  return values.every((value) => value !== null) ? values : null;
}

export function emitElementwise(layouts: Layouts, operands: readonly Traced[], operator: Operator, attrs: Readonly<Record<string, unknown>> = {}): Traced {
  const shape = operands.reduce<number[]>((so, { shape: next }) => tf.broadcast_util.assertAndGetBroadcastShape(so, [...next]), []);
  const dtype = operator.dtype ?? operands[0]!.dtype;
  const blocked = operator.padding === null ? null : withBlocks(layouts, operands, shape, operator.padding ?? []);
  if (blocked !== null) return new Traced(shape, dtype, { blocked: layouts.wholeBlocks(operator.emit(layouts, blocked, attrs), shape) });
  return new Traced(shape, dtype, { plain: operator.emit(layouts, operands.map((operand) => layouts.plain(operand)), attrs) });
}

/** TF.js names the inputs of unary and binary kernels so. */
const operandsOf = (inputs: Readonly<Record<string, Traced>>): Traced[] =>
  [inputs.x, inputs.a, inputs.b, inputs.condition, inputs.t, inputs.e].filter((input) => input !== undefined);

const rule =
  (operator: Operator): KernelRule =>
  ({ inputs, attrs, layouts }) => emitElementwise(layouts, operandsOf(inputs), operator, attrs);

const scalar = ({ graph }: Layouts, like: Value, value: number): Value => graph.scalar(value, like.type === 'int32' ? 'int32' : 'float32');
const chain = (layouts: Layouts, steps: (next: (name: string, ...values: Value[]) => Value) => Value): Value =>
  steps((name, ...values) => layouts.graph.add(name, values, { shape: broadcastOf(values) }));

const step: Emit = (layouts, [x], attrs) => {
  const alpha = Number(attrs.alpha ?? 0);
  // One pass instead of two: x times a huge number, cut to 0 … 1. Only denormal numbers come out in between.
  if (alpha === 0 && layouts.block !== null) return layouts.graph.add('HardSigmoid', [x!], { shape: x!.shape, attributes: { alpha: { float: 3e38 }, beta: { float: 0 } } });
  const positive = layouts.graph.add('Greater', [x!, scalar(layouts, x!, 0)], { shape: x!.shape, type: 'bool' });
  if (alpha === 0) return layouts.graph.cast(positive, 'float32');
  return layouts.graph.add('Where', [positive, scalar(layouts, x!, 1), scalar(layouts, x!, alpha)], { shape: x!.shape, type: 'float32' });
};

/** d elu(x) / dx from y = elu(x): 1 above 0, else y + 1. */
const eluGradient: Emit = (layouts, [dy, y]) => {
  const { graph } = layouts;
  const isPositive = graph.add('GreaterOrEqual', [y!, graph.scalar(0)], { shape: y!.shape, type: 'bool' });
  const slope = graph.add('Add', [y!, graph.scalar(1)], { shape: y!.shape });
  return graph.add('Where', [isPositive, dy!, graph.add('Mul', [dy!, slope], { shape: broadcastOf([dy!, slope]) })], { shape: broadcastOf([dy!, y!]), type: 'float32' });
};

const OPERATORS: Readonly<Record<string, Operator>> = {
  Abs: { emit: op('Abs') },
  Add: { emit: op('Add') },
  Ceil: { emit: op('Ceil') },
  ClipByValue: {
    emit: (layouts, [x], { clipValueMin, clipValueMax }) =>
      layouts.graph.add('Clip', [x!, scalar(layouts, x!, Number(clipValueMin)), scalar(layouts, x!, Number(clipValueMax))], { shape: x!.shape }),
  },
  Elu: { emit: op('Elu') },
  Erf: { emit: op('Erf') },
  Exp: { emit: op('Exp') },
  Expm1: { emit: (layouts, [x]) => chain(layouts, (next) => next('Sub', next('Exp', x!), scalar(layouts, x!, 1))) },
  Floor: { emit: op('Floor') },
  Log: { emit: op('Log'), padding: null },
  Log1p: { emit: (layouts, [x]) => chain(layouts, (next) => next('Log', next('Add', x!, scalar(layouts, x!, 1)))), padding: null },
  Maximum: { emit: op('Max') },
  Minimum: { emit: op('Min') },
  Multiply: { emit: op('Mul') },
  Neg: { emit: op('Neg') },
  Pow: { emit: op('Pow'), padding: null },
  Reciprocal: { emit: op('Reciprocal'), padding: null },
  Relu: { emit: op('Relu') },
  Relu6: { emit: (layouts, [x]) => layouts.graph.add('Clip', [x!, scalar(layouts, x!, 0), scalar(layouts, x!, 6)], { shape: x!.shape }) },
  Rsqrt: { emit: (layouts, [x]) => chain(layouts, (next) => next('Reciprocal', next('Sqrt', x!))), padding: null },
  Selu: { emit: op('Selu', { alpha: { float: 1.6732632423543772 }, gamma: { float: 1.0507009873554805 } }) },
  Sigmoid: { emit: op('Sigmoid') },
  Sign: { emit: op('Sign') },
  Softplus: { emit: op('Softplus') },
  Sqrt: { emit: op('Sqrt'), padding: null },
  Square: { emit: (layouts, [x]) => chain(layouts, (next) => next('Mul', x!, x!)) },
  SquaredDifference: {
    emit: (layouts, [a, b]) => chain(layouts, (next) => {
      const difference = next('Sub', a!, b!);
      return next('Mul', difference, difference);
    }),
  },
  Sub: { emit: op('Sub') },
  Tanh: { emit: op('Tanh') },
  Step: { emit: step, dtype: 'float32' },
  Equal: { emit: compare('Equal'), dtype: 'bool', padding: null },
  Greater: { emit: compare('Greater'), dtype: 'bool' },
  GreaterEqual: { emit: compare('GreaterOrEqual'), dtype: 'bool' },
  Less: { emit: compare('Less'), dtype: 'bool' },
  LessEqual: { emit: compare('LessOrEqual'), dtype: 'bool' },
  LogicalAnd: { emit: op('And'), dtype: 'bool' },
  LogicalNot: { emit: op('Not'), dtype: 'bool' },
  LogicalOr: { emit: op('Or'), dtype: 'bool' },
};

/** Of images by numbers or vectors of channels, which get ones for padding. */
const DIVIDE: Operator = { emit: op('Div'), padding: [0, 1] };

const add = (layouts: Layouts, a: Traced, b: Traced): Traced =>
  withBias(layouts, a, b) ?? affineSum(layouts, a, b, { subtract: false }) ?? emitElementwise(layouts, [a, b], OPERATORS.Add!);

export const elementwiseRules: Readonly<Record<string, KernelRule>> = {
  ...Object.fromEntries(Object.entries(OPERATORS).map(([name, operator]) => [name, rule(operator)])),
  Add: ({ inputs: { a, b }, layouts }) => add(layouts, a!, b!),
  Sub: ({ inputs: { a, b }, layouts }) => affineSum(layouts, a!, b!, { subtract: true }) ?? emitElementwise(layouts, [a!, b!], OPERATORS.Sub!),
  Multiply: ({ inputs: { a, b }, layouts }) => affineProduct(layouts, a!, b!) ?? emitElementwise(layouts, [a!, b!], OPERATORS.Multiply!),
  Neg: ({ inputs: { x }, layouts }) => affineNegative(layouts, x!) ?? emitElementwise(layouts, [x!], OPERATORS.Neg!),
  Relu: ({ inputs: { x }, layouts }) => {
    const relu = withRelu(x!) ?? emitElementwise(layouts, [x!], OPERATORS.Relu!);
    x!.forms.relu = relu;
    return relu;
  },
  // A number and its positive part have the same step.
  Step: ({ inputs: { x }, attrs, layouts }) => emitElementwise(layouts, [x!.forms.relu ?? x!], OPERATORS.Step!, attrs),
  // A divisor that is itself an image has zeros in its padding.
  RealDiv: ({ inputs, layouts }) =>
    affineQuotient(layouts, inputs.a!, inputs.b!) ??
    emitElementwise(layouts, [inputs.a!, inputs.b!], isVector(layouts.plain(inputs.b!).shape) ? DIVIDE : { ...DIVIDE, padding: null }),
  AddN: ({ inputs, layouts }) => Object.values(inputs).reduce((sum, input) => add(layouts, sum, input)),
  EluGrad: ({ inputs, layouts }) => emitElementwise(layouts, [inputs.dy!, inputs.y!], { emit: eluGradient }),
  LeakyRelu: ({ inputs, attrs, layouts }) => emitElementwise(layouts, [inputs.x!], { emit: op('LeakyRelu', { alpha: { float: Number(attrs.alpha) } }) }),
  Prelu: ({ inputs, layouts }) => emitElementwise(layouts, [inputs.x!, inputs.alpha!], { emit: op('PRelu'), padding: null }),
  Select: ({ inputs, layouts }) =>
    emitElementwise(layouts, [inputs.condition!, inputs.t!, inputs.e!], {
      emit: ({ graph }, values) => graph.add('Where', values, { shape: broadcastOf(values), type: values[1]!.type }),
      dtype: inputs.t!.dtype,
    }),
  Cast: ({ inputs: { x }, attrs, layouts }) => {
    const dtype = attrs.dtype as TracedType;
    if (x!.dtype === dtype) return x!;
    if (x!.forms.uniform !== undefined) return new Traced(x!.shape, dtype, { uniform: dtype === 'int32' ? Math.trunc(x!.forms.uniform) : x!.forms.uniform });
    return emitElementwise(layouts, [x!], { emit: ({ graph }, [value]) => graph.cast(value!, dtype), dtype });
  },
};
