// Dropout whose mask is a function of (run seed, step, layer), the same in every engine and after a
// resume. It is Keras' `Dropout` on disk, so a saved model needs nothing of ours.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { elementsOf } from './graph-types.js';
import { key, randomBits, STREAMS } from './rng.js';

/** Where the dropout layers of one model take their masks from. */
export interface DropoutSource {
  /**
   * Factors of `shape`, `[examples, …]`, for the layer at index `layer` of the graph: 0 with probability `rate`, else
   * 1 / (1 - rate).
   */
  mask(shape: readonly number[], at: { layer: number; rate: number }): tf.Tensor;
}

interface MaskPosition {
  seed: number;
  step: number;
  /** Index of the layer in the graph. */
  layer: number;
  /** Element of the batch's mask to begin with; 0 when absent. */
  from?: number;
}

/** Fills `out` with 1 for what is kept and 0, with probability `rate`, for what is dropped. */
export function drawKept(out: Uint8Array, rate: number, at: MaskPosition): void {
  const k = key(at.seed, STREAMS.dropout, at.step, at.layer);
  const threshold = rate * 2 ** 24;
  const from = at.from ?? 0;
  for (let i = 0; i < out.length; i++) out[i] = randomBits(k, from + i) >>> 8 >= threshold ? 1 : 0;
}

/** `size` factors: 0 with probability `rate`, else 1 / (1 - rate), so that the expected output is the input. */
export function dropoutMask(size: number, rate: number, at: MaskPosition): Float32Array {
  const kept = new Uint8Array(size);
  drawKept(kept, rate, at);
  const scale = 1 / (1 - rate);
  return Float32Array.from(kept, (isKept) => isKept * scale);
}

/** Draws masks in JavaScript; the engine sets `step` before each batch, and `firstExample` before each part of one. */
export class SteppedDropout implements DropoutSource {
  readonly seed: number;
  step = 0;
  /** Place in its batch of the first example that the next masks are for. */
  firstExample = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  mask(shape: readonly number[], { layer, rate }: { layer: number; rate: number }): tf.Tensor {
    const from = this.firstExample * elementsOf(shape.slice(1));
    return tf.tensor(dropoutMask(elementsOf(shape), rate, { seed: this.seed, step: this.step, layer, from }), [...shape]);
  }
}

export class SeededDropout extends tfl.layers.Layer {
  static className = 'Dropout';
  readonly #rate: number;
  readonly #source: DropoutSource;
  readonly #index: number;

  constructor(args: { name: string; rate: number; source: DropoutSource; index: number }) {
    super({ name: args.name });
    this.#rate = args.rate;
    this.#source = args.source;
    this.#index = args.index;
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    const input = Array.isArray(inputs) ? inputs[0]! : inputs;
    if (kwargs.training !== true || this.#rate === 0) return input;
    return tf.tidy(() => tf.mul(input, this.#source.mask(input.shape, { layer: this.#index, rate: this.#rate })));
  }

  override getConfig() {
    return { rate: this.#rate, ...super.getConfig() };
  }
}
