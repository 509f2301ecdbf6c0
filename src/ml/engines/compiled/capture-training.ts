// From a training program to the ONNX model of its training step. The parts of a batch are iterations of a loop within
// the step: what one part needs is freed before the next, which the order of nodes alone would not ensure.
import * as tf from '@tensorflow/tfjs-core';
import type { DropoutSource } from '../../dropout.js';
import { elementsOf } from '../../graph-types.js';
import { partsOf } from '../batch-parts.js';
import type { Examples } from '../engine.js';
import { Capture, exampleInputs, nextStateName, stateName, stateOf, stepsInput, type Captured, type CaptureContext, type MaskInput } from './capture.js';
import type { GraphBuilder, Value } from './graph.js';
import { closeLoop, openLoop, type Loop } from './loop.js';
import { encodeModel } from './onnx.js';

/** Where some of the batch's examples are computed. */
interface Part {
  graph: GraphBuilder;
  /** How many they are. */
  size: number;
  /** What of a value of the step, `[batch, …]`, belongs to them. */
  rowsOf(value: Value): Value;
}

/** Parts of one size, one behind the other. */
interface PartGroup {
  from: number;
  size: number;
  count: number;
}

/** How far a step is: the weights, of which forward passes move some, and the sums of what `gradients` answered. */
interface Progress {
  weights: readonly Value[];
  sums: readonly Value[];
}

/** One optimizer step for each row of `rows`; inputs `x, y, rows, rates, steps, state_*` and the masks. */
export function captureTraining(context: CaptureContext, examples: Examples, batch: number): Captured {
  const step = new StepCapture(context, examples, batch);
  const { main, loop: { body, index } } = step;
  const { program, spec } = context;
  const variables = stateOf(program);
  const first = variables.map(({ variable }, i) => main.input(stateName(i), { shape: variable.shape, type: 'float32' }));
  const rates = main.input('rates', { shape: [1], type: 'float32' }, ['steps']);
  const state = first.map(({ name, shape }) => body.input(`${name}_in_step`, { shape, type: 'float32' }));
  const { weights, sums } = step.gradients(state.slice(0, program.weights.length), groupsOf(batch, spec.gradientAccumulationSteps));

  const gradients = sums.map((sum) => step.tensor(sum));
  const rate = step.tensor(body.gather(rates, index)) as tf.Scalar;
  const { results, next } = step.trace(body, variables, [...weights, ...state.slice(weights.length)], () => [program.applyGradients(gradients, rate)]);
  const carried = first.map((value, i) => ({ first: value, next: next[i]! }));
  const after = closeLoop(main, step.loop, { times: stepsInput(step), carried, rows: results });
  after.slice(0, -1).forEach((value, i) => main.output(nextStateName(i), value));
  main.output('numbers', after.at(-1)!, ['steps', program.width]);
  return { model: encodeModel(main.finish()), masks: step.masks };
}

/** At most two: those of equal size, and a smaller last one. */
function groupsOf(batch: number, steps?: number): PartGroup[] {
  return partsOf(batch, steps).reduce<PartGroup[]>((groups, part) => {
    const last = groups.at(-1);
    if (last?.size === part.size) last.count += 1;
    else groups.push({ ...part, count: 1 });
    return groups;
  }, []);
}

class StepCapture extends Capture {
  readonly masks: MaskInput[] = [];
  /** Its iterations are the steps. */
  readonly loop: Loop;
  readonly #batch: number;
  readonly #examples: ReturnType<typeof exampleInputs>;
  /** By layer, bytes of `[batch, elements of an example]`. */
  readonly #keptInStep = new Map<number, Value>();

  constructor(context: CaptureContext, examples: Examples, batch: number) {
    super(context);
    this.#batch = batch;
    this.#examples = exampleInputs(this, examples, batch);
    this.loop = openLoop(this.main);
  }

  /** Loss, metrics and gradients of the whole batch. */
  gradients(weights: readonly Value[], groups: readonly PartGroup[]): Progress {
    const { body } = this.loop;
    const isWhole = groups[0]!.size === this.#batch;
    if (isWhole) return this.#gradientsOf({ graph: body, size: this.#batch, rowsOf: (value) => value }, { weights, sums: [] });
    const { width, trainable } = this.context.program;
    const zeros = (shape: readonly number[]): Value => body.add('Expand', [body.scalar(0), body.ints(shape)], { shape });
    const sums = [[width], ...trainable.map(({ variable }) => variable.shape)].map(zeros);
    return groups.reduce<Progress>((before, group) => this.#accumulate(group, before), { weights, sums });
  }

  #accumulate({ from, size, count }: PartGroup, before: Progress): Progress {
    const { body } = this.loop;
    const loop = openLoop(body);
    const graph = loop.body;
    const rowsOf = (value: Value): Value => {
      const rows = body.slice(value, { axis: 0, from, size: size * count });
      return graph.gather(body.reshape(rows, [count, size, ...value.shape.slice(1)]), loop.index);
    };
    const carry = ({ shape, type }: Value): Value => graph.input(graph.names.next('carried'), { shape, type });
    const moves = this.#movedByForwardPasses();
    const start = { weights: before.weights.map((value, i) => (moves[i] ? carry(value) : value)), sums: before.sums.map(carry) };
    const next = this.#gradientsOf({ graph, size, rowsOf }, start);
    const carriedOf = ({ weights, sums }: Progress): Value[] => [...weights.filter((_, i) => moves[i]), ...sums];
    const firsts = carriedOf(before);
    const times = body.constant(BigInt64Array.of(BigInt(count)), 'int64', []);
    const after = closeLoop(body, loop, { times, carried: carriedOf(next).map((value, i) => ({ first: firsts[i]!, next: value })) });
    return { weights: before.weights.map((value, i) => (moves[i] ? after.shift()! : value)), sums: after };
  }

  /** What the part adds to `before`. */
  #gradientsOf(part: Part, before: Progress): Progress {
    const { program, dropout } = this.context;
    const { body, index } = this.loop;
    const { rows, ...stored } = this.#examples;
    const examples = this.examples(part.graph, stored, part.rowsOf(body.gather(rows, index)));
    const sums = before.sums.map((sum) => this.tensor(sum));
    const work = (): tf.Tensor[] => program.gradients(examples, part.size / this.#batch).map((own, i) => (sums[i] === undefined ? own : tf.add(sums[i], own)));
    const { results, next } = dropout.during(this.#masksOf(part), () => this.trace(part.graph, program.weights, before.weights, work));
    return { weights: next, sums: results };
  }

  /** By weight: whether it is a moving average, or might be. */
  #movedByForwardPasses(): boolean[] {
    const { weights, trainable } = this.context.program;
    return weights.map(({ variable }) => !trainable.some((one) => one.variable === variable));
  }

  #masksOf({ graph, rowsOf }: Part): DropoutSource['mask'] {
    return (shape, at) => {
      const kept = graph.cast(graph.reshape(rowsOf(this.#kept(shape.slice(1), at)), shape), 'float32');
      return this.tensor(graph.add('Mul', [kept, graph.scalar(1 / (1 - at.rate))], { shape }));
    };
  }

  #kept(shape: readonly number[], at: { layer: number; rate: number }): Value {
    const known = this.#keptInStep.get(at.layer);
    if (known !== undefined) return known;
    const { body, index } = this.loop;
    const name = `mask_${at.layer}`;
    const size = elementsOf(shape);
    this.masks.push({ name, ...at, shape: [this.#batch, ...shape] });
    const all = this.main.input(name, { shape: [1, this.#batch * size], type: 'uint8' }, ['steps', this.#batch * size]);
    const kept = body.reshape(body.gather(all, index), [this.#batch, size]);
    this.#keptInStep.set(at.layer, kept);
    return kept;
  }
}
