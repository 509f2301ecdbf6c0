// The run's randomness: a counter-based generator. Number `counter` of a stream is a pure function of
// (key, counter), so a resumed run draws what it would have drawn, and any engine can draw it in any
// order. Only uint32 multiply, xor and shift are used, which a compiled graph can express as well.
// The mixer is "lowbias32" of https://github.com/skeeto/hash-prospector.

/** Names one stream of random numbers: two uint32 words. */
export interface RandomKey {
  readonly a: number;
  readonly b: number;
}

/** Streams of one run, so that no two uses share numbers. */
export const STREAMS = { weights: 1, shuffle: 2, dropout: 3 } as const;

const GOLDEN = 0x9e3779b9;

/** A bijection on uint32 whose every output bit depends on every input bit. */
export function mix(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Folds text into a uint32 (FNV-1a over UTF-16 units), to use names as parts of a key. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * The key of a stream: the run's seed, then what tells the stream from others (purpose, epoch, layer, …).
 * Each part is an integer, taken modulo 2^32; order matters.
 */
export function key(seed: number, ...stream: readonly number[]): RandomKey {
  let a = mix(seed ^ GOLDEN);
  let b = mix(a ^ seed);
  for (const part of stream) {
    a = mix(a ^ mix(Math.imul(part, GOLDEN) ^ b));
    b = mix(b ^ mix(part ^ a));
  }
  return { a, b };
}

/** Number `counter` (uint32) of the stream, as 32 random bits. */
export function randomBits(k: RandomKey, counter: number): number {
  return mix(mix(counter ^ k.a) ^ k.b);
}

/** Number `counter` of the stream, in [0, 1) with 24 bits, so exact in float32. */
export function uniform(k: RandomKey, counter: number): number {
  return (randomBits(k, counter) >>> 8) * 2 ** -24;
}

/** The stream's numbers `start` … `start + out.length - 1` in [0, 1), into `out`. */
export function fillUniform(k: RandomKey, out: Float32Array, start = 0): Float32Array {
  for (let i = 0; i < out.length; i++) out[i] = (randomBits(k, start + i) >>> 8) * 2 ** -24;
  return out;
}

/** The order in which `epoch` visits `count` examples: a uniform shuffle of 0 … count - 1 (Fisher-Yates). */
export function permutation(count: number, at: { seed: number; epoch: number }): Int32Array {
  const k = key(at.seed, STREAMS.shuffle, at.epoch);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((randomBits(k, i) / 2 ** 32) * (i + 1));
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}
