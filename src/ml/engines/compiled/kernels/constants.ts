// Kernels that make numbers, or pass them on.
import { Traced, type TracedType } from '../traced.js';
import type { KernelRule } from '../tracer.js';

const filled = (shape: readonly number[], dtype: TracedType, uniform: number): Traced => new Traced(shape, dtype, { uniform });

export const constantRules: Readonly<Record<string, KernelRule>> = {
  Fill: ({ attrs }) => filled(attrs.shape as number[], (attrs.dtype ?? 'float32') as TracedType, Number(attrs.value)),
  Identity: ({ inputs: { x } }) => x!,
  OnesLike: ({ inputs: { x } }) => filled(x!.shape, x!.dtype, 1),
  ZerosLike: ({ inputs: { x } }) => filled(x!.shape, x!.dtype, 0),
};
