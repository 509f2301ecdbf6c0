// A TF.js tensor while it is traced: what is known of its value, and in which layouts the graph holds it.
import { elementsOf } from '../../graph-types.js';
import type { Value } from './graph.js';
import type { ElementArray } from './onnx.js';

export type TracedType = 'float32' | 'int32' | 'bool';

interface Forms {
  /** Row-major as in TF.js; sizes may be 1, or leading axes missing, where the value repeats along the axis. */
  plain?: Value;
  /** Of an image `[batch, height, width, channels]`; see Layouts. */
  blocked?: Value;
  /** The same number everywhere. */
  uniform?: number;
  /** Known numbers. */
  host?: ElementArray;
  /** A blocked image that is not in the graph yet, so that what follows can become a part of it. */
  lazy?: Lazy;
  /** Its positive part, where that is known. */
  relu?: Traced;
}

export interface AffineTerm {
  /** `[batch, blocks, height, width, block]`. */
  image: Value;
  /** A number, or one for each channel; null is 1. */
  factor: Value | null;
}

/** The sum of the terms, and of a number or vector. */
export interface Affine {
  terms: readonly AffineTerm[];
  shift: Value | null;
  /**
   * The same as something shifted, times a factor. Several products of `x - mean` with different factors then share
   * one image of it.
   */
  shifted?: { affine: Affine; factor: Value | null };
}

export interface Lazy {
  /** Adds it to the graph, alone or with a relu behind it. */
  emit(behind: { relu: boolean }): Value;
  /** The same with a bias, `[channels]`; null where that cannot be a part of it. */
  withBias: ((bias: Value) => Lazy) | null;
  affine?: Affine;
}

export class Traced {
  readonly shape: readonly number[];
  readonly dtype: TracedType;
  readonly forms: Forms;

  constructor(shape: readonly number[], dtype: TracedType, forms: Forms) {
    this.shape = shape;
    this.dtype = dtype;
    this.forms = forms;
  }

  get size(): number {
    return elementsOf(this.shape);
  }

  /** Whether using it as a blocked value costs nothing, and as a plain one does. */
  get livesBlocked(): boolean {
    return (this.forms.blocked !== undefined || this.forms.lazy !== undefined) && this.forms.plain === undefined;
  }
}

function isUniform(data: ElementArray): boolean {
  const first = data[0];
  return data.every((value: number | bigint) => value === first);
}

/** Known numbers. Equal ones are kept as one. */
export function tracedConstant(data: ElementArray, shape: readonly number[], dtype: TracedType): Traced {
  if (data.length > 0 && isUniform(data)) return new Traced(shape, dtype, { uniform: Number(data[0]) });
  return new Traced(shape, dtype, { host: data });
}
