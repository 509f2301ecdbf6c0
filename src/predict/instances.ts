// Examples out of a JSON body: nested or flat arrays of numbers, each checked against the model's input.
import { ServiceError, type InputProblem } from '../errors.js';
import { MAX_INSTANCES } from '../schemas/predict.js';
import { pointerTo } from '../schemas/pointer.js';

const MAX_PROBLEMS = 20;

export interface Instances {
  /** Row-major `[count, ...inputShape]`. */
  x: Float32Array;
  count: number;
}

/** A fault of one instance: the wrong form, or numbers in the wrong shape. */
class InstanceFault extends Error {
  readonly problem: InputProblem;
  readonly isShape: boolean;

  constructor(problem: InputProblem, { isShape }: { isShape: boolean }) {
    super(problem.detail);
    this.problem = problem;
    this.isShape = isShape;
  }
}

/**
 * `{"instances": [...]}` as one tensor. An instance has the shape of the input, or that shape without its
 * trailing axes of 1, or is flat.
 * @throws ServiceError bad_request (no such form), body_too_large (too many), impossible_input (wrong shape)
 */
export function parseInstances(body: unknown, inputShape: readonly number[]): Instances {
  const instances = instancesOf(body);
  const size = inputShape.reduce((product, length) => product * length, 1);
  const x = new Float32Array(instances.length * size);
  const faults: InstanceFault[] = [];
  for (const [index, instance] of instances.entries()) {
    try {
      fill(instance, { pointer: pointerTo('/instances', index), shape: shapeFor(instance, inputShape, size), out: x.subarray(index * size, (index + 1) * size) });
    } catch (error) {
      if (!(error instanceof InstanceFault)) throw error;
      faults.push(error);
      if (faults.length === MAX_PROBLEMS) break;
    }
  }
  if (faults.length === 0) return { x, count: instances.length };
  const problems = faults.map((fault) => fault.problem);
  const expected = `The model takes [${inputShape.join(', ')}].`;
  throw new ServiceError(faults.every((fault) => fault.isShape) ? 'impossible_input' : 'bad_request', expected, { problems });
}

function instancesOf(body: unknown): readonly unknown[] {
  const malformed = (pointer: string, detail: string) =>
    new ServiceError('bad_request', 'The body does not have the form {"instances": [...]}.', { problems: [{ pointer, detail }] });
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw malformed('', 'must be an object');
  for (const key of Object.keys(body)) if (key !== 'instances') throw malformed(pointerTo('', key), `unknown key "${key}"`);
  if (!('instances' in body)) throw malformed('/instances', 'is required');
  const { instances } = body;
  if (!Array.isArray(instances)) throw malformed('/instances', 'must be an array');
  if (instances.length === 0) throw malformed('/instances', 'must have at least 1 item');
  if (instances.length > MAX_INSTANCES) throw new ServiceError('body_too_large', `At most ${MAX_INSTANCES} instances are taken at once.`);
  return instances;
}

/** Which of the allowed shapes the instance means, by its depth. */
function shapeFor(instance: unknown, inputShape: readonly number[], size: number): readonly number[] {
  let depth = 0;
  for (let at = instance; Array.isArray(at); at = at[0] as unknown) depth += 1;
  if (depth === 1) return [size];
  const implied = inputShape.slice(depth);
  return implied.every((length) => length === 1) ? inputShape.slice(0, depth) : inputShape;
}

interface Place {
  pointer: string;
  shape: readonly number[];
  out: Float32Array;
}

function fill(value: unknown, { pointer, shape, out }: Place): void {
  const [length, ...inner] = shape;
  if (length === undefined) {
    out[0] = numberAt(value, pointer);
    return;
  }
  if (!Array.isArray(value)) {
    const isShape = typeof value === 'number';
    throw new InstanceFault({ pointer, detail: isShape ? `is a number where [${shape.join(', ')}] should be` : 'must be an array of numbers' }, { isShape });
  }
  if (value.length !== length) {
    throw new InstanceFault({ pointer, detail: `has ${value.length} items where ${length} should be` }, { isShape: true });
  }
  const stride = out.length / length;
  if (inner.length === 0) {
    // The innermost axis, where the numbers are: a pointer is made only for a fault.
    for (let index = 0; index < length; index += 1) {
      const item: unknown = value[index];
      out[index] = typeof item === 'number' && Math.abs(item) < MAX_FLOAT32 ? item : numberAt(item, pointerTo(pointer, index));
    }
    return;
  }
  value.forEach((item: unknown, index) => fill(item, { pointer: pointerTo(pointer, index), shape: inner, out: out.subarray(index * stride, (index + 1) * stride) }));
}

const MAX_FLOAT32 = 3.4028234663852886e38;

function numberAt(value: unknown, pointer: string): number {
  if (Array.isArray(value)) throw new InstanceFault({ pointer, detail: 'is an array where a number should be' }, { isShape: true });
  if (typeof value !== 'number') throw new InstanceFault({ pointer, detail: 'must be a number' }, { isShape: false });
  if (!(Math.abs(value) <= MAX_FLOAT32)) throw new InstanceFault({ pointer, detail: 'is too large a number' }, { isShape: false });
  return value;
}
