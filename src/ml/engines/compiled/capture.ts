// From a training program to ONNX models: a training step, an evaluation or a prediction of one batch size, each run
// once on the tracer. Steps run in an ONNX loop, so that one call trains many batches.
import type * as tf from '@tensorflow/tfjs-core';
import { foldPreprocessing } from '../../data.js';
import type { DropoutSource } from '../../dropout.js';
import { elementsOf } from '../../graph-types.js';
import type { EngineSpec, Examples } from '../engine.js';
import type { TrainingProgram } from '../program.js';
import type { NamedVariable } from '../variables.js';
import { GraphBuilder, type Value } from './graph.js';
import { elementTypeOf, encodeModel } from './onnx.js';
import { Layouts } from './layouts.js';
import { Traced } from './traced.js';
import type { Tracer } from './tracer.js';

/** A dropout mask that the model takes: bytes of `[steps, ...shape]`, 1 for what is kept. */
export interface MaskInput {
  name: string;
  layer: number;
  rate: number;
  shape: readonly number[];
}

export interface Captured {
  model: Uint8Array;
  masks: readonly MaskInput[];
}

type OnMask = DropoutSource['mask'];

/** The dropout layers' source while they are traced: their masks become inputs. */
export class TracedDropout implements DropoutSource {
  #onMask: OnMask | null = null;

  during<T>(onMask: OnMask, work: () => T): T {
    this.#onMask = onMask;
    try {
      return work();
    } finally {
      this.#onMask = null;
    }
  }

  mask(shape: readonly number[], at: { layer: number; rate: number }): tf.Tensor {
    if (this.#onMask === null) throw new Error('a dropout mask is drawn outside of a capture');
    return this.#onMask(shape, at);
  }
}

export interface CaptureContext {
  spec: EngineSpec;
  program: TrainingProgram;
  dropout: TracedDropout;
  tracer: Tracer;
  /** See Layouts. */
  block: number | null;
}

export const stateName = (index: number): string => `state_${index}`;
export const nextStateName = (index: number): string => `next_state_${index}`;

/** Weights, then optimizer slots: what training reads and writes, in a fixed order. */
export function stateOf({ weights, optimizer }: Pick<TrainingProgram, 'weights' | 'optimizer'>): NamedVariable[] {
  return [...weights, ...optimizer.slots];
}

class Capture {
  readonly context: CaptureContext;
  readonly main = new GraphBuilder();
  readonly #tensors: tf.Tensor[] = [];

  constructor(context: CaptureContext) {
    this.context = context;
  }

  /** A value of `Value`'s shape that stands for a float32 tensor, until the trace ends. */
  tensor(value: Value, shape: readonly number[] = value.shape): tf.Tensor {
    const tensor = this.context.tracer.tensor(new Traced(shape, 'float32', { plain: value }));
    this.#tensors.push(tensor);
    return tensor;
  }

  /** Runs `work` with the variables standing for `values`; answers what it made, and what the variables became. */
  trace(graph: GraphBuilder, variables: readonly NamedVariable[], values: readonly Value[], work: () => tf.Tensor): { result: Value; next: Value[] } {
    const { tracer, block } = this.context;
    const layouts = new Layouts(graph, block);
    const before = variables.map(({ variable }) => tracer.traced(variable));
    variables.forEach(({ variable }, i) => tracer.redefine(variable, new Traced(variable.shape, 'float32', { plain: values[i]! })));
    try {
      return tracer.capture(layouts, () => {
        const result = layouts.full(tracer.traced(work()));
        return { result, next: variables.map(({ variable }) => layouts.full(tracer.traced(variable))) };
      });
    } finally {
      variables.forEach(({ variable }, i) => tracer.redefine(variable, before[i]!));
      for (const tensor of this.#tensors) tensor.dispose();
    }
  }

  /** Stored examples as the model's input: cast, preprocessed and shaped. */
  input(graph: GraphBuilder, stored: Value, batch: number): tf.Tensor {
    const { inputShape, preprocessing } = this.context.spec;
    const { scale, offset } = foldPreprocessing(preprocessing);
    const raw = graph.cast(stored, 'float32');
    const scaled = scale === 1 ? raw : graph.add('Mul', [raw, graph.scalar(scale)], { shape: raw.shape });
    const moved = offset === 0 ? scaled : graph.add('Add', [scaled, graph.scalar(offset)], { shape: raw.shape });
    return this.tensor(graph.reshape(moved, [batch, ...inputShape]));
  }

  /** Labels as the loss' target: one-hot rows, or the values themselves. */
  target(graph: GraphBuilder, stored: Value, batch: number): tf.Tensor {
    const { outputShape, isClassTarget } = this.context.program;
    const classes = outputShape[0] ?? 1;
    if (!isClassTarget || classes === 1) return this.tensor(graph.reshape(graph.cast(stored, 'float32'), [batch, ...outputShape]));
    const labels = graph.reshape(graph.cast(stored, 'int32'), [batch, 1]);
    const all = graph.constant(Int32Array.from({ length: classes }, (_, i) => i), 'int32');
    const isClass = graph.add('Equal', [labels, all], { shape: [batch, classes], type: 'bool' });
    return this.tensor(graph.cast(isClass, 'float32'));
  }
}

/** The bound examples as inputs of the model. */
function exampleInputs(capture: Capture, examples: Examples): { x: Value; y: Value } {
  const { spec, program } = capture.context;
  const size = elementsOf(spec.inputShape);
  const each = program.isClassTarget ? 1 : elementsOf(program.outputShape);
  return {
    x: capture.main.input('x', { shape: [examples.count, size], type: elementTypeOf(examples.x) }, ['examples', size]),
    y: capture.main.input('y', { shape: [examples.count, each], type: elementTypeOf(examples.y) }, ['examples', each]),
  };
}

const gather = (graph: GraphBuilder, from: Value, index: Value, shape: readonly number[]): Value =>
  graph.add('Gather', [from, index], { shape, attributes: { axis: 0 } });

interface LoopBody {
  body: GraphBuilder;
  /** The number of the step, from 0 on. */
  index: Value;
  /** Input and target of the step, `[batch, …]`. */
  x: tf.Tensor;
  target: tf.Tensor;
}

function openLoop(capture: Capture, examples: Examples, batch: number): LoopBody {
  const { main } = capture;
  const { x, y } = exampleInputs(capture, examples);
  const rows = main.input('rows', { shape: [1, batch], type: 'int32' }, ['steps', batch]);
  const body = new GraphBuilder(main.names);
  const index = body.input('index', { shape: [], type: 'int64' });
  const goOn = body.input('go_on', { shape: [], type: 'bool' });
  body.output('goes_on', goOn);
  const own = gather(body, rows, index, [batch]);
  return {
    body,
    index,
    x: capture.input(body, gather(body, x, own, [batch, x.shape[1]!]), batch),
    target: capture.target(body, gather(body, y, own, [batch, y.shape[1]!]), batch),
  };
}

/** `steps` times the body; `carried` goes in, each step's `numbers` come out in rows. */
function closeLoop(main: GraphBuilder, body: GraphBuilder, carried: readonly Value[], numbers: Value): Value[] {
  const steps = main.input('steps', { shape: [], type: 'int64' });
  const outputs = [...carried.map(({ shape, type }) => ({ shape, type })), { shape: [1, ...numbers.shape], type: numbers.type }];
  const goOn = main.constant(Uint8Array.of(1), 'bool', []);
  return main.addMany('Loop', [steps, goOn, ...carried], { outputs, attributes: { body: { graph: body.finish() } } });
}

/** One optimizer step for each row of `rows`; inputs `x, y, rows, rates, steps, state_*` and the masks. */
export function captureTraining(context: CaptureContext, examples: Examples, batch: number): Captured {
  const capture = new Capture(context);
  const { main } = capture;
  const variables = stateOf(context.program);
  const carried = variables.map(({ variable }, i) => main.input(stateName(i), { shape: variable.shape, type: 'float32' }));
  const { body, index, x, target } = openLoop(capture, examples, batch);
  const rates = main.input('rates', { shape: [1], type: 'float32' }, ['steps']);
  const state = carried.map(({ name, shape }) => body.input(`${name}_in_step`, { shape, type: 'float32' }));
  const rate = capture.tensor(gather(body, rates, index, [])) as tf.Scalar;

  const masks: MaskInput[] = [];
  const onMask = (shape: readonly number[], at: { layer: number; rate: number }): tf.Tensor => {
    const name = `mask_${at.layer}`;
    masks.push({ name, ...at, shape });
    const size = elementsOf(shape);
    const all = main.input(name, { shape: [1, size], type: 'uint8' }, ['steps', size]);
    const kept = body.cast(body.reshape(gather(body, all, index, [size]), shape), 'float32');
    return capture.tensor(body.add('Mul', [kept, body.scalar(1 / (1 - at.rate))], { shape }));
  };
  const { result, next } = context.dropout.during(onMask, () => capture.trace(body, variables, state, () => context.program.trainStep({ x, target, rate })));

  next.forEach((value, i) => body.output(`${nextStateName(i)}_of_step`, value));
  body.output('numbers_of_step', result);
  const after = closeLoop(main, body, carried, result);
  after.slice(0, -1).forEach((value, i) => main.output(nextStateName(i), value));
  main.output('numbers', after.at(-1)!, ['steps', context.program.width]);
  return { model: encodeModel(main.finish()), masks };
}

/** Loss and metrics of each row of `rows`; inputs `x, y, rows, steps, state_*`, the latter only weights. */
export function captureEvaluation(context: CaptureContext, examples: Examples, batch: number): Captured {
  const capture = new Capture(context);
  const { main } = capture;
  const { weights } = context.program;
  const state = weights.map(({ variable }, i) => main.input(stateName(i), { shape: variable.shape, type: 'float32' }));
  const { body, x, target } = openLoop(capture, examples, batch);
  const { result } = capture.trace(body, weights, state, () => context.program.evaluate({ x, target }));
  body.output('numbers_of_step', result);
  const [numbers] = closeLoop(main, body, [], result) as [Value];
  main.output('numbers', numbers, ['steps', context.program.width]);
  return { model: encodeModel(main.finish()), masks: [] };
}

/** Outputs for `batch` stored examples; inputs `x, state_*`. */
export function capturePrediction(context: CaptureContext, x: Examples['x'], batch: number): Captured {
  const capture = new Capture(context);
  const { main } = capture;
  const { weights } = context.program;
  const state = weights.map(({ variable }, i) => main.input(stateName(i), { shape: variable.shape, type: 'float32' }));
  const stored = main.input('x', { shape: [batch, elementsOf(context.spec.inputShape)], type: elementTypeOf(x) });
  const input = capture.input(main, stored, batch);
  const { result } = capture.trace(main, weights, state, () => context.program.predict(input));
  main.output('output', result);
  return { model: encodeModel(main.finish()), masks: [] };
}
