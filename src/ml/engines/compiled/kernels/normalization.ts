// Batch normalization with given statistics; TF.js computes those, and the gradient, by other kernels.
import type { Value } from '../graph.js';
import { Traced } from '../traced.js';
import type { KernelRule } from '../tracer.js';
import { elementwiseRules } from './elementwise.js';

/** As one multiplication and one addition for each number: the rest is done on vectors of channels. */
const batchNormalization: KernelRule = ({ inputs: { x, mean, variance, offset, scale }, attrs, layouts }) => {
  const { graph } = layouts;
  const next = (op: string, ...values: Value[]): Value => graph.add(op, values, { shape: values[0]!.shape });
  const spread = next('Sqrt', next('Add', layouts.full(variance!), graph.scalar(Number(attrs.varianceEpsilon))));
  const inverse = next('Reciprocal', spread);
  const factor = scale === undefined ? inverse : next('Mul', inverse, layouts.full(scale));
  const shift = next('Neg', next('Mul', layouts.full(mean!), factor));
  const addend = offset === undefined ? shift : next('Add', shift, layouts.full(offset));
  const traced = (plain: Value): Traced => new Traced(plain.shape, 'float32', { plain });
  const scaled = elementwiseRules.Multiply!({ inputs: { a: x!, b: traced(factor) }, attrs: {}, layouts }) as Traced;
  return elementwiseRules.Add!({ inputs: { a: scaled, b: traced(addend) }, attrs: {}, layouts });
};

export const normalizationRules: Readonly<Record<string, KernelRule>> = { FusedBatchNorm: batchNormalization };
