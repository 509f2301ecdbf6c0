// Initial weights, drawn in JavaScript from the run's own generator, so that a seed gives the same
// weights on every backend. Formulas are Keras' (https://keras.io/api/layers/initializers/); TF.js' own
// differ (no correction of the truncated variance, seed 0 means none, `minval: 0` is ignored).
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Initializer } from '../schemas/layers.js';
import { hashText, key, STREAMS, uniform, type RandomKey } from './rng.js';

type InitializerArgs = Exclude<Initializer, string>;
type Draw = (size: number) => Float32Array;

/** Standard deviation of a standard normal cut at two standard deviations. */
const TRUNCATED_STDDEV = 0.87962566103423978;

const asArgs = (initializer: Initializer): InitializerArgs =>
  (typeof initializer === 'string' ? { type: initializer } : initializer) as InitializerArgs;

/** Float32Array.from with a callback walks an iterator, twenty times slower; weights can be many. */
function fill(size: number, valueAt: (i: number) => number): Float32Array {
  const out = new Float32Array(size);
  for (let i = 0; i < size; i++) out[i] = valueAt(i);
  return out;
}

const constant = (value: number): Draw => (size) => new Float32Array(size).fill(value);

function drawUniform(k: RandomKey, minval: number, maxval: number): Draw {
  return (size) => fill(size, (i) => minval + (maxval - minval) * uniform(k, i));
}

/** Normal values by Box-Muller; each takes two numbers of the stream, and two more when one is refused. */
function drawNormal(k: RandomKey, args: { mean: number; stddev: number; truncated: boolean }): Draw {
  return (size) => {
    const out = new Float32Array(size);
    let counter = 0;
    for (let i = 0; i < size; ) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform(k, counter)));
      const value = radius * Math.cos(2 * Math.PI * uniform(k, counter + 1));
      counter += 2;
      if (args.truncated && Math.abs(value) > 2) continue;
      out[i++] = args.mean + args.stddev * value;
    }
    return out;
  };
}

/** Inputs and outputs of one unit: of a matrix its sides, of a kernel `[..., in, out]` times the window. */
export function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const window = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return { fanIn: shape.at(-2)! * window, fanOut: shape.at(-1)! * window };
}

interface Scaling {
  scale: number;
  mode: 'fanIn' | 'fanOut' | 'fanAvg';
  uniform: boolean;
}

function drawScaled(k: RandomKey, shape: readonly number[], scaling: Scaling): Draw {
  const { fanIn, fanOut } = fans(shape);
  const fan = { fanIn, fanOut, fanAvg: (fanIn + fanOut) / 2 }[scaling.mode];
  const variance = scaling.scale / Math.max(1, fan);
  if (scaling.uniform) return drawUniform(k, -Math.sqrt(3 * variance), Math.sqrt(3 * variance));
  return drawNormal(k, { mean: 0, stddev: Math.sqrt(variance) / TRUNCATED_STDDEV, truncated: true });
}

function dot(u: Float64Array, v: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < u.length; i++) sum += u[i]! * v[i]!;
  return sum;
}

/** Orthonormal columns (or rows, where there are fewer) by Gram-Schmidt, applied twice to stay orthogonal. */
function drawOrthogonal(k: RandomKey, shape: readonly number[], gain: number): Draw {
  return (size) => {
    const columns = shape.at(-1)!;
    const rows = size / columns;
    const long = Math.max(rows, columns);
    const short = Math.min(rows, columns);
    const normal = drawNormal(k, { mean: 0, stddev: 1, truncated: false })(size);
    const basis: Float64Array[] = [];
    for (let j = 0; j < short; j++) {
      const v = Float64Array.from(normal.subarray(j * long, (j + 1) * long));
      for (let pass = 0; pass < 2; pass++) {
        for (const u of basis) {
          const along = dot(u, v);
          for (let i = 0; i < long; i++) v[i]! -= along * u[i]!;
        }
      }
      const length = Math.sqrt(dot(v, v));
      basis.push(v.map((value) => value / length));
    }
    const at = (r: number, c: number): number => (rows >= columns ? basis[c]![r]! : basis[r]![c]!);
    return fill(size, (i) => gain * at(Math.floor(i / columns), i % columns));
  };
}

function drawIdentity(shape: readonly number[], gain: number): Draw {
  const columns = shape.at(-1)!;
  if (shape.length !== 2) throw new Error(`the identity initializer makes matrices, not [${shape.join(', ')}]`);
  return (size) => fill(size, (i) => (Math.floor(i / columns) === i % columns ? gain : 0));
}

function drawFor(args: InitializerArgs, shape: readonly number[], k: RandomKey): Draw {
  switch (args.type) {
    case 'zeros': return constant(0);
    case 'ones': return constant(1);
    case 'constant': return constant(args.value);
    case 'identity': return drawIdentity(shape, args.gain ?? 1);
    case 'orthogonal': return drawOrthogonal(k, shape, args.gain ?? 1);
    case 'randomUniform': return drawUniform(k, args.minval ?? -0.05, args.maxval ?? 0.05);
    case 'randomNormal': return drawNormal(k, { mean: args.mean ?? 0, stddev: args.stddev ?? 0.05, truncated: false });
    case 'truncatedNormal': return drawNormal(k, { mean: args.mean ?? 0, stddev: args.stddev ?? 0.05, truncated: true });
    case 'varianceScaling': return drawScaled(k, shape, { scale: args.scale ?? 1, mode: args.mode ?? 'fanIn', uniform: args.distribution === 'uniform' });
    case 'glorotUniform': return drawScaled(k, shape, { scale: 1, mode: 'fanAvg', uniform: true });
    case 'glorotNormal': return drawScaled(k, shape, { scale: 1, mode: 'fanAvg', uniform: false });
    case 'heUniform': return drawScaled(k, shape, { scale: 2, mode: 'fanIn', uniform: true });
    case 'heNormal': return drawScaled(k, shape, { scale: 2, mode: 'fanIn', uniform: false });
    case 'leCunUniform': return drawScaled(k, shape, { scale: 1, mode: 'fanIn', uniform: true });
    case 'leCunNormal': return drawScaled(k, shape, { scale: 1, mode: 'fanIn', uniform: false });
  }
}

/**
 * The values of one weight, row-major. `weight` names it (`dense/kernel`) and with the run's seed picks
 * its stream, unless the initializer has a seed of its own.
 */
export function initialValues(initializer: Initializer, shape: readonly number[], at: { seed: number; weight: string }): Float32Array {
  const args = asArgs(initializer);
  const own = 'seed' in args ? args.seed : undefined;
  const k = own === undefined ? key(at.seed, STREAMS.weights, hashText(at.weight)) : key(own, STREAMS.weights);
  const size = shape.reduce((product, length) => product * length, 1);
  return drawFor(args, shape, k)(size);
}

export type LayerInitializer = ReturnType<typeof tfl.initializers.zeros>;

/** A TF.js initializer that serialises as its Keras class and draws `initialValues`. */
export function layerInitializer(initializer: Initializer, at: { seed: number; weight: string }): LayerInitializer {
  const { type, ...args } = asArgs(initializer);
  const distribution = 'distribution' in args && args.distribution === 'truncatedNormal' ? { distribution: 'normal' } : {};
  const make = tfl.initializers[type] as (args: Record<string, unknown>) => LayerInitializer;
  const made = make({ ...args, ...distribution });
  made.apply = (shape) => tf.tensor(initialValues(initializer, shape as number[], at), shape as number[], 'float32');
  return made;
}
