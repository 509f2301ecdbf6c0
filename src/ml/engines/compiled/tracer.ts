// A TF.js backend that computes nothing: its kernels write the nodes of an ONNX graph. Running a TF.js program on it
// once gives the program's graph, gradients and all, because TF.js' own definitions are what runs.
import * as tf from '@tensorflow/tfjs-core';
import type { ElementArray } from './onnx.js';
import { Layouts } from './layouts.js';
import { Traced, tracedConstant, type TracedType } from './traced.js';

export const TRACE_BACKEND = 'trace';

/** Thrown when a program cannot become a graph; the message says why. */
export class UncapturableError extends Error {
  override readonly name = 'UncapturableError';
}

export interface RuleCall {
  /** By TF.js' name of the input, or by number where a kernel takes a list. */
  inputs: Readonly<Record<string, Traced>>;
  attrs: Readonly<Record<string, unknown>>;
  /** @throws UncapturableError outside of a capture, where only constants can be made. */
  readonly layouts: Layouts;
}

/** What a kernel adds to the graph. */
export type KernelRule = (call: RuleCall) => Traced | Traced[];

/** TF.js says it in a message alone, of two wordings. */
function missingKernel(error: unknown): string | null {
  const found = error instanceof Error ? /[Kk]ernel '(\w+)' (?:not registered )?for backend '(\w+)'/.exec(error.message) : null;
  return found?.[2] === TRACE_BACKEND ? found[1]! : null;
}

interface Info extends tf.TensorInfo {
  dtype: tf.DataType;
}

export class Tracer extends tf.KernelBackend {
  /** By TF.js' data id; TF.js shares one between a tensor and its clones. */
  readonly #entries = new Map<object, { traced: Traced; references: number }>();
  #layouts: Layouts | null = null;

  /** While `trace` runs, kernels write into `layouts.graph`. @throws UncapturableError naming a kernel without a rule */
  capture<T>(layouts: Layouts, trace: () => T): T {
    this.#layouts = layouts;
    try {
      return tf.tidy(trace as () => T & tf.TensorContainer) as T;
    } catch (error) {
      const kernel = missingKernel(error);
      throw kernel === null ? error : new UncapturableError(`there is no rule for TF.js' kernel ${kernel}`, { cause: error });
    } finally {
      this.#layouts = null;
    }
  }

  get layouts(): Layouts {
    if (this.#layouts === null) throw new UncapturableError('a kernel ran outside of a capture');
    return this.#layouts;
  }

  /** A tensor that stands for `traced`. */
  tensor(traced: Traced): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.info(traced)) as tf.Tensor;
  }

  info(traced: Traced): Info {
    const dataId = {};
    this.#entries.set(dataId, { traced, references: 1 });
    return { dataId, shape: [...traced.shape], dtype: traced.dtype };
  }

  traced({ dataId }: { dataId: object }): Traced {
    const entry = this.#entries.get(dataId);
    if (entry === undefined) throw new UncapturableError('a tensor of another backend is read');
    return entry.traced;
  }

  /** Gives the tensor's storage a new meaning. */
  redefine({ dataId }: { dataId: object }, traced: Traced): void {
    const entry = this.#entries.get(dataId);
    if (entry === undefined) throw new Error('the tensor has no storage');
    entry.traced = traced;
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    if (dtype === 'string' || dtype === 'complex64') throw new UncapturableError(`there is a tensor of ${dtype}`);
    const dataId = {};
    this.move(dataId, values, shape, dtype);
    return dataId;
  }

  override move(dataId: object, values: tf.BackendValues, shape: number[], dtype: tf.DataType, references = 1): void {
    // A copy: the caller may go on writing to its array.
    const traced = tracedConstant((values as Float32Array).slice() as ElementArray, shape, dtype as TracedType);
    this.#entries.set(dataId, { traced, references });
  }

  override readSync(dataId: object): tf.BackendValues {
    const { forms, size, dtype } = this.traced({ dataId });
    if (forms.host !== undefined) return forms.host as Float32Array;
    if (forms.uniform !== undefined) return (dtype === 'float32' ? new Float32Array(size) : new Int32Array(size)).fill(forms.uniform);
    throw new UncapturableError('the model reads a number that is known only when it runs');
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override disposeData(dataId: object, force = false): boolean {
    const entry = this.#entries.get(dataId);
    if (entry !== undefined) {
      entry.references -= 1;
      if (entry.references > 0 && !force) return false;
      this.#entries.delete(dataId);
    }
    return true;
  }

  override refCount(dataId: object): number {
    return this.#entries.get(dataId)?.references ?? 0;
  }

  override incRef(dataId: object): void {
    const entry = this.#entries.get(dataId);
    if (entry !== undefined) entry.references += 1;
  }

  override numDataIds(): number {
    return this.#entries.size;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override dispose(): void {}
}

let tracer: Tracer | undefined;

/** Makes the tracer TF.js' current backend, with a kernel for each rule. */
export async function useTracer(rules: Readonly<Record<string, KernelRule>>): Promise<Tracer> {
  if (tracer === undefined) {
    const made = new Tracer();
    tf.registerBackend(TRACE_BACKEND, () => made, 0);
    for (const [kernelName, rule] of Object.entries(rules)) {
      tf.registerKernel({
        kernelName,
        backendName: TRACE_BACKEND,
        kernelFunc: ({ inputs, attrs }) => {
          const traced = Object.fromEntries(Object.entries(inputs).flatMap(([name, input]) => (input === undefined ? [] : [[name, made.traced(input)]])));
          const result = rule({ inputs: traced, attrs: attrs ?? {}, get layouts() { return made.layouts; } });
          return Array.isArray(result) ? result.map((one) => made.info(one)) : made.info(result);
        },
      });
    }
    tracer = made;
  }
  if (!(await tf.setBackend(TRACE_BACKEND))) throw new Error('TF.js does not take the tracing backend');
  return tracer;
}
