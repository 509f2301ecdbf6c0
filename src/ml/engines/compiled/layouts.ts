// The layouts in which a graph holds a tensor, and the ways between them.
import { elementsOf, sameShape } from '../../graph-types.js';
import { isVector, type GraphBuilder, type Value } from './graph.js';
import type { Traced } from './traced.js';

/**
 * Convolutions on the CPU work on channels in blocks: `[batch, channels / block, height, width, block]`, channels
 * padded to whole blocks. Operators in between may leave a value there. What is in the padding is finite and
 * otherwise arbitrary.
 */
const DOMAIN = 'com.microsoft.nchwc';

/** Moves traced tensors between their forms, adding nodes where that costs work. */
export class Layouts {
  readonly graph: GraphBuilder;
  /** Channels in a block; null where the runtime has no blocked convolutions. */
  readonly block: number | null;

  constructor(graph: GraphBuilder, block: number | null) {
    this.graph = graph;
    this.block = block;
  }

  /** Row-major, perhaps smaller than the tensor's shape: to be broadcast. */
  plain(traced: Traced): Value {
    const { forms, shape, dtype } = traced;
    forms.plain ??= this.#known(traced) ?? this.#unblock(this.blocked(traced), shape);
    return forms.plain.type === dtype ? forms.plain : this.graph.cast(forms.plain, dtype);
  }

  /** Row-major, of the tensor's own shape. */
  full(traced: Traced): Value {
    const value = this.plain(traced);
    const { shape } = traced;
    if (sameShape(value.shape, shape)) return value;
    if (elementsOf(value.shape) === traced.size) return this.graph.reshape(value, shape);
    return this.graph.add('Expand', [value, this.graph.ints(shape)], { shape });
  }

  /** An image in blocks of channels. */
  blocked(traced: Traced): Value {
    const { forms, shape } = traced;
    forms.blocked ??= forms.lazy?.emit({ relu: false }) ?? this.#block(this.full(traced), shape);
    return forms.blocked;
  }

  /** As an operand of an elementwise operator on blocked images of `shape`; null where it would not broadcast. */
  blockedOperand(traced: Traced, shape: readonly number[], padding: number): Value | null {
    const { forms } = traced;
    if (forms.uniform !== undefined) return this.plain(traced);
    const channels = shape[3]!;
    const isBlocked = forms.blocked !== undefined || forms.lazy !== undefined;
    if (isBlocked && traced.shape[3] === channels) return this.blocked(traced);
    const value = this.plain(traced);
    const last = value.shape.at(-1) ?? 1;
    if (isVector(value.shape) && last === 1) return this.graph.reshape(value, []);
    if (isVector(value.shape) && last === channels) return this.#blockVector(this.graph.reshape(value, [channels]), padding);
    if (value.shape.length === 4 && last === 1) return this.graph.reshape(value, [value.shape[0]!, 1, value.shape[1]!, value.shape[2]!, 1]);
    return sameShape(traced.shape, shape) ? this.blocked(traced) : null;
  }

  /** A blocked value, perhaps with sizes of 1 where it repeats, as all of an image of `shape`. */
  wholeBlocks(value: Value, shape: readonly number[]): Value {
    const [batch, height, width, channels] = shape as [number, number, number, number];
    const whole = [batch, this.padded(channels) / this.block!, height, width, this.block!];
    return sameShape(whole, value.shape) ? value : this.graph.add('Expand', [value, this.graph.ints(whole)], { shape: whole });
  }

  /** Channels in whole blocks. */
  padded(channels: number): number {
    const block = this.block!;
    return Math.ceil(channels / block) * block;
  }

  /** The tensor as one number for each of `channels`, if it is that. */
  asVector(traced: Traced, channels: number): Value | null {
    if (traced.livesBlocked) return null;
    const { shape } = this.plain(traced);
    return shape.at(-1) === channels && isVector(shape) ? this.graph.reshape(this.plain(traced), [channels]) : null;
  }

  /** `[channels]` with `padding` up to whole blocks. */
  paddedVector(vector: Value, padding: number): Value {
    const channels = vector.shape[0]!;
    const missing = this.padded(channels) - channels;
    if (missing === 0) return vector;
    const filler = this.graph.constant(new Float32Array(missing).fill(padding), 'float32');
    return this.graph.add('Concat', [vector, filler], { shape: [channels + missing], attributes: { axis: 0 } });
  }

  /** `[batch, channels, height, width]` of a blocked image, with its padding, as the runtime's operators name it. */
  asOperand(blocked: Value): Value {
    const [batch, blocks, height, width, block] = blocked.shape as [number, number, number, number, number];
    return this.graph.reshape(blocked, [batch, blocks * block, height, width]);
  }

  fromOperand(value: Value): Value {
    const [batch, channels, height, width] = value.shape as [number, number, number, number];
    return this.graph.reshape(value, [batch, channels / this.block!, height, width, this.block!]);
  }

  /** An operator of the runtime's blocked kind, on and to `[batch, channels, height, width]`. */
  blockedOperator(op: string, inputs: readonly Value[], options: { shape: readonly number[]; attributes: Record<string, number | string | readonly number[]> }): Value {
    return this.graph.add(op, inputs, { ...options, domain: DOMAIN });
  }

  /** `[batch, channels, height, width]` to blocks. */
  blockChannelsFirst(value: Value): Value {
    const [batch, channels, height, width] = value.shape as [number, number, number, number];
    const shape = [batch, this.padded(channels), height, width];
    return this.fromOperand(this.blockedOperator('ReorderInput', [this.#aligned(value, 1)], { shape, attributes: { channels_last: 0 } }));
  }

  /** The first `channels` of a blocked image as `[batch, channels, height, width]`. */
  channelsFirst(blocked: Value, channels: number): Value {
    const [batch, , height, width] = blocked.shape as [number, number, number, number];
    return this.blockedOperator('ReorderOutput', [this.asOperand(blocked)], { shape: [batch, channels, height, width], attributes: { channels, channels_last: 0 } });
  }

  #known({ forms, dtype, shape }: Traced): Value | null {
    if (forms.uniform !== undefined) {
      if (dtype === 'bool') return this.graph.cast(this.graph.scalar(forms.uniform), 'bool');
      return this.graph.scalar(forms.uniform, dtype);
    }
    if (forms.host === undefined) return null;
    if (dtype === 'bool') return this.graph.constant(Uint8Array.from(forms.host as ArrayLike<number>, Number), 'bool', shape);
    return this.graph.constant(forms.host, dtype, shape);
  }

  /** The runtime reorders float32 alone. */
  #block(image: Value, shape: readonly number[]): Value {
    const [batch, height, width, channels] = shape as [number, number, number, number];
    const out = [batch, this.padded(channels), height, width];
    const numbers = this.#aligned(this.graph.cast(image, 'float32'), 3);
    return this.graph.cast(this.fromOperand(this.blockedOperator('ReorderInput', [numbers], { shape: out, attributes: { channels_last: 1 } })), image.type);
  }

  /** The runtime reorders channels by fours. */
  #aligned(image: Value, axis: number): Value {
    const missing = (4 - (image.shape[axis]! % 4)) % 4;
    return this.graph.pad(image, [0, 0, 0, 0], image.shape.map((_, i) => (i === axis ? missing : 0)));
  }

  #unblock(blocked: Value, shape: readonly number[]): Value {
    const numbers = this.asOperand(this.graph.cast(blocked, 'float32'));
    return this.graph.cast(this.blockedOperator('ReorderOutput', [numbers], { shape, attributes: { channels: shape[3]!, channels_last: 1 } }), blocked.type);
  }

  /** `[channels]` to `[1, blocks, 1, 1, block]`. */
  #blockVector(vector: Value, padding: number): Value {
    const whole = this.graph.cast(this.paddedVector(this.graph.cast(vector, 'float32'), padding), vector.type);
    return this.graph.reshape(whole, [1, whole.shape[0]! / this.block!, 1, 1, this.block!]);
  }
}
