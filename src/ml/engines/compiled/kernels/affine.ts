// Blocked images as sums of images times a number for each channel. Normalization, and its gradient even more, is a
// long chain of such sums; kept as coefficients, the chain costs arithmetic on vectors of channels, and one pass over
// the images where something else reads the result.
import { sameShape } from '../../../graph-types.js';
import type { Value } from '../graph.js';
import type { Layouts } from '../layouts.js';
import { Traced, type Affine, type AffineTerm } from '../traced.js';

/** More are added up at once. */
const MOST_TERMS = 2;

class VectorMath {
  readonly #layouts: Layouts;

  constructor(layouts: Layouts) {
    this.#layouts = layouts;
  }

  op(name: 'Add' | 'Mul' | 'Div', a: Value, b: Value): Value {
    return this.#layouts.graph.add(name, [a, b], { shape: a.shape.length >= b.shape.length ? a.shape : b.shape });
  }

  times(a: Value | null, b: Value | null): Value | null {
    return a === null ? b : b === null ? a : this.op('Mul', a, b);
  }

  plus(a: Value | null, b: Value | null): Value | null {
    return a === null ? b : b === null ? a : this.op('Add', a, b);
  }

  one(): Value {
    return this.#layouts.graph.scalar(1);
  }

  /** With a number for each channel, and for the padding. */
  whole(value: Value, channels: number): Value {
    const { graph } = this.#layouts;
    const vector = value.shape.length === 0 ? graph.add('Expand', [value, graph.ints([channels])], { shape: [channels] }) : value;
    return this.#layouts.paddedVector(vector, 0);
  }
}

/** One image times a vector, plus a vector and perhaps an image, in one pass: a convolution of each channel by one number. */
function scaled(layouts: Layouts, { image, factor }: AffineTerm, rest: { shift: Value | null; sum: Value | null; relu: boolean; channels: number }): Value {
  const math = new VectorMath(layouts);
  const { graph } = layouts;
  const operand = layouts.asOperand(image);
  const padded = operand.shape[1]!;
  const filter = graph.reshape(math.whole(factor ?? math.one(), rest.channels), [padded, 1, 1, 1]);
  const bias = math.whole(rest.shift ?? graph.scalar(0), rest.channels);
  const inputs = [operand, filter, bias, ...(rest.sum === null ? [] : [layouts.asOperand(rest.sum)])];
  const attributes = { kernel_shape: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], group: padded, ...(rest.relu ? { activation: 'Relu' } : {}) };
  return layouts.fromOperand(layouts.blockedOperator('Conv', inputs, { shape: operand.shape, attributes }));
}

function emit(layouts: Layouts, { terms, shift }: Affine, { relu, channels }: { relu: boolean; channels: number }): Value {
  const [first, ...others] = terms as [AffineTerm, ...AffineTerm[]];
  if (others.length === 0 && first.factor === null && shift === null && !relu) return first.image;
  const rest = others.length === 0 ? null : emit(layouts, { terms: others, shift: null }, { relu: false, channels });
  return scaled(layouts, first, { shift, sum: rest, relu, channels });
}

function traced(layouts: Layouts, shape: readonly number[], affine: Affine): Traced {
  const channels = shape[3]!;
  return new Traced(shape, 'float32', { lazy: { withBias: null, affine, emit: ({ relu }) => emit(layouts, affine, { relu, channels }) } });
}

const isImage = ({ shape, dtype }: Traced): boolean => shape.length === 4 && dtype === 'float32';

function affineOf(layouts: Layouts, image: Traced): Affine | null {
  if (layouts.block === null || !isImage(image)) return null;
  if (image.forms.blocked === undefined && image.forms.lazy?.affine !== undefined) return image.forms.lazy.affine;
  if (!image.livesBlocked) return null;
  return { terms: [{ image: layouts.blocked(image), factor: null }], shift: null };
}

/** A number, or one for each channel. */
function factorOf(layouts: Layouts, value: Traced, channels: number): Value | null {
  if (value.livesBlocked || value.dtype !== 'float32') return null;
  const { shape } = layouts.plain(value);
  if (shape.every((size) => size === 1)) return layouts.graph.reshape(layouts.plain(value), []);
  return layouts.asVector(value, channels);
}

/** An image, and either another one or a factor for its channels. */
interface Operands {
  image: Traced;
  affine: Affine;
  other: { affine: Affine } | { factor: Value };
}

function operandsOf(layouts: Layouts, a: Traced, b: Traced): Operands | null {
  const affine = affineOf(layouts, a);
  if (affine === null) return null;
  if (sameShape(a.shape, b.shape)) {
    const second = affineOf(layouts, b);
    if (second !== null) return { image: a, affine, other: { affine: second } };
  }
  const broadcasts = b.shape.length <= 4 && b.shape.every((size, i) => size === 1 || size === a.shape[4 - b.shape.length + i]);
  const factor = broadcasts ? factorOf(layouts, b, a.shape[3]!) : null;
  return factor === null ? null : { image: a, affine, other: { factor } };
}

function sum(layouts: Layouts, a: Affine, b: Affine): Affine {
  const math = new VectorMath(layouts);
  const terms = new Map(a.terms.map((term) => [term.image.name, term]));
  for (const { image, factor } of b.terms) {
    const known = terms.get(image.name);
    terms.set(image.name, known === undefined ? { image, factor } : { image, factor: math.op('Add', known.factor ?? math.one(), factor ?? math.one()) });
  }
  return { terms: [...terms.values()], shift: math.plus(a.shift, b.shift) };
}

function scale({ terms, shift }: Affine, by: (value: Value | null) => Value | null): Affine {
  return { terms: terms.map(({ image, factor }) => ({ image, factor: by(factor) })), shift: shift === null ? null : by(shift) };
}

const negated = (layouts: Layouts, affine: Affine): Affine => {
  const math = new VectorMath(layouts);
  return scale(affine, (value) => math.times(value, layouts.graph.scalar(-1)));
};

/** `a + b` or `a - b`; null where they are not of this kind. */
export function affineSum(layouts: Layouts, a: Traced, b: Traced, { subtract }: { subtract: boolean }): Traced | null {
  const inOrder = operandsOf(layouts, a, b);
  const operands = inOrder ?? operandsOf(layouts, b, a);
  if (operands === null) return null;
  const math = new VectorMath(layouts);
  const { image, affine, other } = operands;
  const [first, isTurned] = [affine, inOrder === null];
  const minus = (one: Affine): Affine => (subtract ? negated(layouts, one) : one);
  let result: Affine;
  if ('affine' in other) result = sum(layouts, first, minus(other.affine));
  else if (isTurned) {
    const turned = minus(first);
    result = { ...turned, shift: math.plus(turned.shift, other.factor) };
  } else {
    const factor = subtract ? math.op('Mul', other.factor, layouts.graph.scalar(-1)) : other.factor;
    result = { ...first, shift: math.plus(first.shift, factor) };
  }
  const made = traced(layouts, image.shape, result);
  return result.terms.length <= MOST_TERMS ? made : new Traced(image.shape, 'float32', { blocked: layouts.blocked(made) });
}

/** One image for the sum, where it is not one already: `factor * image`. */
function single(layouts: Layouts, affine: Affine, channels: number): AffineTerm {
  if (affine.terms.length === 1 && affine.shift === null) return affine.terms[0]!;
  const { affine: of, factor } = affine.shifted ?? { affine, factor: null };
  return { image: emit(layouts, of, { relu: false, channels }), factor };
}

/** `a * b`; null where they are not of this kind. */
export function affineProduct(layouts: Layouts, a: Traced, b: Traced): Traced | null {
  const operands = operandsOf(layouts, a, b) ?? operandsOf(layouts, b, a);
  if (operands === null) return null;
  const math = new VectorMath(layouts);
  const { image, affine, other } = operands;
  if ('factor' in other) {
    const { affine: of, factor } = affine.shifted ?? { affine, factor: null };
    const shifted = of.shift === null ? {} : { shifted: { affine: of, factor: math.times(factor, other.factor) } };
    return traced(layouts, image.shape, { ...scale(affine, (value) => math.times(value, other.factor)), ...shifted });
  }
  const channels = image.shape[3]!;
  const [first, second] = [single(layouts, affine, channels), single(layouts, other.affine, channels)];
  const product = layouts.graph.add('Mul', [first.image, second.image], { shape: first.image.shape });
  return traced(layouts, image.shape, { terms: [{ image: product, factor: math.times(first.factor, second.factor) }], shift: null });
}

/** `a / b` for a divisor that is a number or a vector of channels; else null. */
export function affineQuotient(layouts: Layouts, a: Traced, b: Traced): Traced | null {
  const operands = operandsOf(layouts, a, b);
  if (operands === null || 'affine' in operands.other) return null;
  const math = new VectorMath(layouts);
  const { factor } = operands.other;
  return traced(layouts, a.shape, scale(operands.affine, (value) => math.op('Div', value ?? math.one(), factor)));
}

export function affineNegative(layouts: Layouts, x: Traced): Traced | null {
  const affine = affineOf(layouts, x);
  return affine === null ? null : traced(layouts, x.shape, negated(layouts, affine));
}

/** The sums over batch, height and width, `[channels]`, by the sums of the images; null where `x` is not of this kind. */
export function affineChannelSums(layouts: Layouts, x: Traced, imageSums: (image: Value) => Value): Value | null {
  const affine = affineOf(layouts, x);
  if (affine === null) return null;
  const math = new VectorMath(layouts);
  const count = layouts.graph.scalar(x.size / x.shape[3]!);
  const sums = affine.terms.map(({ image, factor }) => math.times(imageSums(image), factor));
  const shift = affine.shift === null ? null : math.op('Mul', affine.shift, count);
  return [...sums, shift].reduce((total, next) => math.plus(total, next), null);
}
