// Dropout whose mask is a function of (run seed, step, layer), the same in every engine and after a
// resume. It is Keras' `Dropout` on disk, so a saved model needs nothing of ours.
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { key, randomBits, STREAMS } from './rng.js';

/** What all dropout layers of one model read; the engine sets `step` before each batch. */
export interface DropoutClock {
  readonly seed: number;
  step: number;
}

interface MaskPosition {
  seed: number;
  step: number;
  /** Index of the layer in the graph. */
  layer: number;
}

/** `size` factors: 0 with probability `rate`, else 1 / (1 - rate), so that the expected output is the input. */
export function dropoutMask(size: number, rate: number, at: MaskPosition): Float32Array {
  const k = key(at.seed, STREAMS.dropout, at.step, at.layer);
  const threshold = rate * 2 ** 24;
  const scale = 1 / (1 - rate);
  const mask = new Float32Array(size);
  for (let i = 0; i < size; i++) mask[i] = randomBits(k, i) >>> 8 >= threshold ? scale : 0;
  return mask;
}

export class SeededDropout extends tfl.layers.Layer {
  static className = 'Dropout';
  readonly #rate: number;
  readonly #clock: DropoutClock;
  readonly #index: number;

  constructor(args: { name: string; rate: number; clock: DropoutClock; index: number }) {
    super({ name: args.name });
    this.#rate = args.rate;
    this.#clock = args.clock;
    this.#index = args.index;
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    const input = Array.isArray(inputs) ? inputs[0]! : inputs;
    if (kwargs.training !== true || this.#rate === 0) return input;
    return tf.tidy(() => {
      const mask = dropoutMask(input.size, this.#rate, { ...this.#clock, layer: this.#index });
      return tf.mul(input, tf.tensor(mask, input.shape));
    });
  }

  override getConfig() {
    return { rate: this.#rate, ...super.getConfig() };
  }
}
