// Products of matrices, alone or with a bias and an activation behind them.
import type { Value } from '../graph.js';
import type { Layouts } from '../layouts.js';
import { Traced } from '../traced.js';
import { UncapturableError, type KernelRule } from '../tracer.js';
import { elementwiseRules } from './elementwise.js';

interface Factors {
  a: Traced;
  b: Traced;
  transposeA: boolean;
  transposeB: boolean;
  bias?: Traced | undefined;
}

/** The rank-2 product of factors whose batch axes are all 1, with the bias added by the same operator. */
function gemm(layouts: Layouts, { a, b, transposeA, transposeB, bias }: Factors, [rows, columns]: readonly [number, number]): Value {
  const { graph } = layouts;
  const flat = (traced: Traced): Value => graph.reshape(layouts.full(traced), traced.shape.slice(-2));
  const inputs = [flat(a), flat(b), ...(bias === undefined ? [] : [layouts.plain(bias)])];
  return graph.add('Gemm', inputs, { shape: [rows, columns], attributes: { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 } });
}

function product(layouts: Layouts, factors: Factors): Traced {
  const { a, b, transposeA, transposeB } = factors;
  const { graph } = layouts;
  const [rows, columns] = [a.shape.at(transposeA ? -1 : -2)!, b.shape.at(transposeB ? -2 : -1)!];
  const batch = a.shape.slice(0, -2).map((size, axis) => Math.max(size, b.shape[axis] ?? 1));
  const shape = [...batch, rows, columns];
  if (batch.every((size) => size === 1)) return new Traced(shape, 'float32', { plain: graph.reshape(gemm(layouts, factors, [rows, columns]), shape) });
  const turned = (traced: Traced, isTurned: boolean): Value => {
    const order = traced.shape.map((_, axis) => axis);
    if (isTurned) order.push(...order.splice(-2, 1));
    return graph.transpose(layouts.full(traced), order);
  };
  const value = graph.add('MatMul', [turned(a, transposeA), turned(b, transposeB)], { shape });
  const withBias = factors.bias === undefined ? value : graph.add('Add', [value, layouts.plain(factors.bias)], { shape });
  return new Traced(shape, 'float32', { plain: withBias });
}

const ACTIVATIONS: Readonly<Record<string, string>> = { relu: 'Relu', relu6: 'Relu6', elu: 'Elu', sigmoid: 'Sigmoid' };

/** What TF.js fuses behind a product or a convolution. */
export function activated(layouts: Layouts, x: Traced, activation: unknown): Traced {
  if (activation === undefined || activation === null || activation === 'linear') return x;
  const kernel = ACTIVATIONS[String(activation)];
  if (kernel === undefined) throw new UncapturableError(`a fused ${String(activation)}`);
  return elementwiseRules[kernel]!({ inputs: { x }, attrs: {}, layouts }) as Traced;
}

export const matrixRules: Readonly<Record<string, KernelRule>> = {
  BatchMatMul: ({ inputs: { a, b }, attrs, layouts }) =>
    product(layouts, { a: a!, b: b!, transposeA: attrs.transposeA === true, transposeB: attrs.transposeB === true }),
  _FusedMatMul: ({ inputs: { a, b, bias }, attrs, layouts }) =>
    activated(layouts, product(layouts, { a: a!, b: b!, bias, transposeA: attrs.transposeA === true, transposeB: attrs.transposeB === true }), attrs.activation),
};
