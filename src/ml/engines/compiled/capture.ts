// From a training program to ONNX models: an evaluation or a prediction of one batch size (for training see
// capture-training.ts), run once on the tracer. Steps run in an ONNX loop, so that one call does many batches.
import type * as tf from '@tensorflow/tfjs-core';
import { foldPreprocessing } from '../../../portable/preprocessing.js';
import type { DropoutSource } from '../../dropout.js';
import { elementsOf } from '../../graph-types.js';
import type { EngineSpec, Examples } from '../engine.js';
import type { ExampleTensors, TrainingProgram } from '../program.js';
import type { NamedVariable } from '../variables.js';
import { GraphBuilder, type Value } from './graph.js';
import { Layouts } from './layouts.js';
import { closeLoop, openLoop } from './loop.js';
import { elementTypeOf, encodeModel } from './onnx.js';
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

export class Capture {
  readonly context: CaptureContext;
  readonly main = new GraphBuilder();
  #tensors: tf.Tensor[] = [];

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
  trace(graph: GraphBuilder, variables: readonly NamedVariable[], values: readonly Value[], work: () => tf.Tensor[]): { results: Value[]; next: Value[] } {
    const { tracer, block } = this.context;
    const layouts = new Layouts(graph, block);
    const before = variables.map(({ variable }) => tracer.traced(variable));
    variables.forEach(({ variable }, i) => tracer.redefine(variable, new Traced(variable.shape, 'float32', { plain: values[i]! })));
    try {
      return tracer.capture(layouts, () => {
        const results = work().map((result) => layouts.full(tracer.traced(result)));
        return { results, next: variables.map(({ variable }) => layouts.full(tracer.traced(variable))) };
      });
    } finally {
      variables.forEach(({ variable }, i) => tracer.redefine(variable, before[i]!));
      for (const tensor of this.#tensors) tensor.dispose();
      this.#tensors = [];
    }
  }

  /** The examples that `rows` name, as the program takes them. */
  examples(graph: GraphBuilder, { x, y }: { x: Value; y: Value }, rows: Value): ExampleTensors {
    return { x: this.input(graph, graph.gather(x, rows)), target: this.#target(graph, graph.gather(y, rows)) };
  }

  /** Stored examples as the model's input: cast, preprocessed and shaped. */
  input(graph: GraphBuilder, stored: Value): tf.Tensor {
    const { inputShape, preprocessing } = this.context.spec;
    const { scale, offset } = foldPreprocessing(preprocessing);
    const raw = graph.cast(stored, 'float32');
    const scaled = scale === 1 ? raw : graph.add('Mul', [raw, graph.scalar(scale)], { shape: raw.shape });
    const moved = offset === 0 ? scaled : graph.add('Add', [scaled, graph.scalar(offset)], { shape: raw.shape });
    return this.tensor(graph.reshape(moved, [stored.shape[0]!, ...inputShape]));
  }

  /** Labels as the loss' target: one-hot rows, or the values themselves. */
  #target(graph: GraphBuilder, stored: Value): tf.Tensor {
    const batch = stored.shape[0]!;
    const { outputShape, isClassTarget } = this.context.program;
    const classes = outputShape[0] ?? 1;
    if (!isClassTarget || classes === 1) return this.tensor(graph.reshape(graph.cast(stored, 'float32'), [batch, ...outputShape]));
    const labels = graph.reshape(graph.cast(stored, 'int32'), [batch, 1]);
    const all = graph.constant(Int32Array.from({ length: classes }, (_, i) => i), 'int32');
    const isClass = graph.add('Equal', [labels, all], { shape: [batch, classes], type: 'bool' });
    return this.tensor(graph.cast(isClass, 'float32'));
  }
}

/** The bound examples, and which of them each step takes: inputs `x, y, rows`. */
export function exampleInputs({ main, context }: Capture, examples: Examples, batch: number) {
  const { spec, program } = context;
  const size = elementsOf(spec.inputShape);
  const each = program.isClassTarget ? 1 : elementsOf(program.outputShape);
  return {
    x: main.input('x', { shape: [examples.count, size], type: elementTypeOf(examples.x) }, ['examples', size]),
    y: main.input('y', { shape: [examples.count, each], type: elementTypeOf(examples.y) }, ['examples', each]),
    rows: main.input('rows', { shape: [1, batch], type: 'int32' }, ['steps', batch]),
  };
}

/** How many steps a call takes: an input of the model. */
export const stepsInput = ({ main }: Capture): Value => main.input('steps', { shape: [], type: 'int64' });

/**
 * Loss and metrics of each row of `rows`, and where they are wanted the outputs of its examples,
 * `[steps, batch, ...outputShape]`; inputs `x, y, rows, steps, state_*`, the latter only weights.
 */
export function captureEvaluation(context: CaptureContext, examples: Examples, { batch, withOutputs }: { batch: number; withOutputs: boolean }): Captured {
  const capture = new Capture(context);
  const { main } = capture;
  const { weights } = context.program;
  const state = weights.map(({ variable }, i) => main.input(stateName(i), { shape: variable.shape, type: 'float32' }));
  const { rows, ...stored } = exampleInputs(capture, examples, batch);
  const loop = openLoop(main);
  const tensors = capture.examples(loop.body, stored, loop.body.gather(rows, loop.index));
  const { results } = capture.trace(loop.body, weights, state, () => context.program.evaluate(tensors).slice(0, withOutputs ? 2 : 1));
  const [numbers, outputs] = closeLoop(main, loop, { times: stepsInput(capture), rows: results });
  main.output('numbers', numbers!, ['steps', context.program.width]);
  if (outputs !== undefined) main.output('outputs', outputs, ['steps', batch, ...context.program.outputShape]);
  return { model: encodeModel(main.finish()), masks: [] };
}

/** Outputs for `batch` stored examples; inputs `x, state_*`. */
export function capturePrediction(context: CaptureContext, x: Examples['x'], batch: number): Captured {
  const capture = new Capture(context);
  const { main } = capture;
  const { weights } = context.program;
  const state = weights.map(({ variable }, i) => main.input(stateName(i), { shape: variable.shape, type: 'float32' }));
  const stored = main.input('x', { shape: [batch, elementsOf(context.spec.inputShape)], type: elementTypeOf(x) });
  const input = capture.input(main, stored);
  const { results } = capture.trace(main, weights, state, () => [context.program.predict(input)]);
  main.output('output', results[0]!);
  return { model: encodeModel(main.finish()), masks: [] };
}
