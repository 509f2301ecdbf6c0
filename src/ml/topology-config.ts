// Reads one layer's `config` out of a topology, argument by argument. What is read is checked; what nobody
// read must be known to make no difference, or it is a problem: an argument is never dropped in silence.
import type { InputProblem } from '../errors.js';
import { pointerTo } from '../schemas/pointer.js';

export type Config = Readonly<Record<string, unknown>>;
/** Keras 3 differs from Keras 2 (and TF.js) in a few meanings. */
export type Dialect = 'keras2' | 'keras3';

export function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Values at which an argument that the layer list lacks changes nothing. */
const HARMLESS: Readonly<Record<string, (value: unknown) => boolean>> = {
  name: (value) => typeof value === 'string',
  trainable: (value) => value === true,
  dtype: isFloat32,
  batch_input_shape: () => true, // compared with the data set's shape where it belongs to the first layer
  batch_shape: () => true,
  batch_size: (value) => value === null,
  input_dtype: isFloat32,
  data_format: (value) => value === null || value === 'channels_last' || value === 'channelsLast',
  groups: (value) => value === 1,
  rank: () => true,
  noise_shape: isNull,
  seed: isNull, // of a dropout: the run's own seed decides
  keepdims: isFalse,
  threshold: (value) => value === 0 || value === null,
  negative_slope: (value) => value === 0 || value === null,
  synchronized: isFalse,
  renorm: isFalse,
  renorm_clipping: isNull,
  renorm_momentum: () => true, // means nothing without renorm
  virtual_batch_size: isNull,
  fused: () => true,
  rms_scaling: isFalse,
  sparse: isFalse,
  ragged: isFalse,
  optional: isFalse,
  autocast: (value) => value === true,
};

function isNull(value: unknown): boolean {
  return value === null;
}

function isFalse(value: unknown): boolean {
  return value === false || value === null;
}

/** `"float32"`, or Keras 3's and mixed precision's policy object of that name. */
function isFloat32(value: unknown): boolean {
  if (value === null || value === 'float32') return true;
  return isConfig(value) && isConfig(value['config']) && value['config']['name'] === 'float32';
}

export class ConfigReader {
  readonly dialect: Dialect;
  readonly pointer: string;
  readonly #config: Config;
  readonly #problems: InputProblem[];
  readonly #read = new Set<string>();

  constructor(config: Config, at: { pointer: string; dialect: Dialect; problems: InputProblem[] }) {
    this.#config = config;
    this.dialect = at.dialect;
    this.pointer = at.pointer;
    this.#problems = at.problems;
  }

  fault(key: string, detail: string): undefined {
    this.#problems.push({ pointer: pointerTo(this.pointer, key), detail });
    return undefined;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#config, key);
  }

  /** The raw value, undefined for absent and null alike. */
  take(key: string): unknown {
    this.#read.add(key);
    return this.#config[key] ?? undefined;
  }

  boolean(key: string): boolean | undefined {
    const value = this.take(key);
    return value === undefined || typeof value === 'boolean' ? value : this.fault(key, 'must be true or false');
  }

  number(key: string, minimum = -Infinity): number | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isFinite(value)) return this.fault(key, 'must be a number');
    return value >= minimum ? value : this.fault(key, `must be at least ${minimum}`);
  }

  integer(key: string, minimum = 1): number | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    return isInteger(value, minimum) ? value : this.fault(key, `must be an integer of at least ${minimum}`);
  }

  /** A size that the layer cannot do without; 1 stands in for a faulty one. */
  size(key: string): number {
    if (this.take(key) === undefined) this.fault(key, 'is required');
    return this.integer(key) ?? 1;
  }

  /** One integer for both axes, or two. */
  pair(key: string): number | [number, number] | undefined {
    const value = this.take(key);
    if (value === undefined || isInteger(value, 1)) return value;
    if (Array.isArray(value) && value.length === 2) {
      const [height, width] = value as unknown[];
      if (isInteger(height, 1) && isInteger(width, 1)) return [height, width];
    }
    return this.fault(key, 'must be a positive integer or two of them');
  }

  /** An axis: an integer, or a list of one. */
  axis(key: string): number | undefined {
    const value = this.take(key);
    const axis: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
    if (axis === undefined || isInteger(axis, -8)) return axis;
    return this.fault(key, Array.isArray(value) ? 'only one axis is supported' : 'must be an integer');
  }

  oneOf<const V extends readonly string[]>(key: string, values: V): V[number] | undefined {
    const value = this.take(key);
    if (value === undefined || (typeof value === 'string' && values.includes(value))) return value;
    return this.fault(key, `must be one of ${values.join(', ')}`);
  }

  /** Reports what nobody read and is not known to be harmless. */
  finish(): void {
    for (const [key, value] of Object.entries(this.#config)) {
      if (this.#read.has(key)) continue;
      // Constraints, activity regularizers, quantization and the like are off when null.
      const harmless = HARMLESS[key] ?? isNull;
      if (!harmless(value)) this.fault(key, `${JSON.stringify(value)?.slice(0, 80) ?? 'this value'} is not supported here`);
    }
  }
}

function isInteger(value: unknown, minimum: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= minimum && value < 2 ** 31;
}
