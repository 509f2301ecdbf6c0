// Keras' optimizers on TF.js variables (https://keras.io/api/optimizers/). Not TF.js' own classes: their
// centred RMSProp gives NaN where a gradient is zero, their Adadelta lags a step behind, Adamax cannot be
// saved, and they bake the learning rate into the step. Here it is an input, and all state is named.
import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer as OptimizerSpec } from '../../schemas/optimization.js';

const DEFAULT_EPSILON = 1e-7;

/** A rule of update: the slots it keeps beside each weight, and one step. */
interface Rule {
  /** Initial value of each slot, by name. */
  slots: Record<string, number>;
  /** The step size of step `t` (from 1 on): the learning rate with its correction. */
  rate(learningRate: number, t: number): number;
  /** From gradient `g`, slots `s` and the step size, the decrease of the weight; writes the slots. */
  decrease(g: tf.Tensor, s: Record<string, tf.Variable>, rate: tf.Scalar): tf.Tensor;
}

const plainRate = (learningRate: number): number => learningRate;

/** `slot` moved by `1 - keep` of its way towards `value`. */
function average(slot: tf.Variable, value: tf.Tensor, keep: number): tf.Tensor {
  const next = tf.add(slot, tf.mul(tf.sub(value, slot), 1 - keep));
  slot.assign(next);
  return next;
}

function sgd({ momentum = 0, nesterov = false }: { momentum?: number; nesterov?: boolean }): Rule {
  if (momentum === 0) return { slots: {}, rate: plainRate, decrease: (g, _s, rate) => tf.mul(g, rate) };
  return {
    slots: { momentum: 0 },
    rate: plainRate,
    decrease: (g, s, rate) => {
      const step = tf.mul(g, rate);
      const velocity = tf.add(tf.mul(s.momentum!, momentum), step);
      s.momentum!.assign(velocity);
      return nesterov ? tf.add(tf.mul(velocity, momentum), step) : velocity;
    },
  };
}

type RmspropArgs = Omit<Extract<OptimizerSpec, { type: 'rmsprop' }>, 'type' | 'learningRate'>;

function rmsprop({ rho = 0.9, momentum = 0, epsilon = DEFAULT_EPSILON, centered = false }: RmspropArgs): Rule {
  const slots = { velocity: 0, ...(momentum > 0 ? { momentum: 0 } : {}), ...(centered ? { average: 0 } : {}) };
  return {
    slots,
    rate: plainRate,
    decrease: (g, s, rate) => {
      const square = average(s.velocity!, tf.square(g), rho);
      // Rounding may take the variance below zero, never far.
      const spread = centered ? tf.relu(tf.sub(square, tf.square(average(s.average!, g, rho)))) : square;
      const step = tf.div(tf.mul(g, rate), tf.sqrt(tf.add(spread, epsilon)));
      if (momentum === 0) return step;
      const moment = tf.add(tf.mul(s.momentum!, momentum), step);
      s.momentum!.assign(moment);
      return moment;
    },
  };
}

function adagrad({ initialAccumulatorValue = 0.1 }: { initialAccumulatorValue?: number }): Rule {
  return {
    slots: { accumulator: initialAccumulatorValue },
    rate: plainRate,
    decrease: (g, s, rate) => {
      const total = tf.add(s.accumulator!, tf.square(g));
      s.accumulator!.assign(total);
      return tf.div(tf.mul(g, rate), tf.sqrt(tf.add(total, DEFAULT_EPSILON)));
    },
  };
}

function adadelta({ rho = 0.95, epsilon = DEFAULT_EPSILON }: { rho?: number; epsilon?: number }): Rule {
  const rms = (square: tf.Tensor): tf.Tensor => tf.sqrt(tf.add(square, epsilon));
  return {
    slots: { gradients: 0, updates: 0 },
    rate: plainRate,
    decrease: (g, s, rate) => {
      const gradients = average(s.gradients!, tf.square(g), rho);
      const update = tf.div(tf.mul(rms(s.updates!), g), rms(gradients));
      average(s.updates!, tf.square(update), rho);
      return tf.mul(update, rate);
    },
  };
}

interface AdamArgs {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = DEFAULT_EPSILON }: AdamArgs): Rule {
  return {
    slots: { m: 0, v: 0 },
    rate: (learningRate, t) => (learningRate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t),
    decrease: (g, s, rate) => {
      const m = average(s.m!, g, beta1);
      const v = average(s.v!, tf.square(g), beta2);
      return tf.div(tf.mul(m, rate), tf.add(tf.sqrt(v), epsilon));
    },
  };
}

function adamax({ beta1 = 0.9, beta2 = 0.999, epsilon = DEFAULT_EPSILON }: AdamArgs): Rule {
  return {
    slots: { m: 0, u: 0 },
    rate: (learningRate, t) => learningRate / (1 - beta1 ** t),
    decrease: (g, s, rate) => {
      const m = average(s.m!, g, beta1);
      const u = tf.maximum(tf.mul(s.u!, beta2), tf.abs(g));
      s.u!.assign(u);
      return tf.div(tf.mul(m, rate), tf.add(u, epsilon));
    },
  };
}

function ruleOf(spec: OptimizerSpec): Rule {
  switch (spec.type) {
    case 'sgd': return sgd(spec);
    case 'rmsprop': return rmsprop(spec);
    case 'adagrad': return adagrad(spec);
    case 'adadelta': return adadelta(spec);
    case 'adam': return adam(spec);
    case 'adamax': return adamax(spec);
  }
}

export interface Trainable {
  name: string;
  variable: tf.Variable;
}

export interface Optimizer {
  /** The step size of step `t`, which counts from 1: the learning rate with the rule's correction. */
  rateAt(learningRate: number, t: number): number;
  /** One step. `gradients` are by the variables' own names. */
  apply(gradients: tf.NamedTensorMap, rate: tf.Scalar): void;
  /** Slots as `<weight>/<slot>`, in a fixed order. */
  readonly slots: readonly Trainable[];
  dispose(): void;
}

/** Makes all slots at once, so that state can be put into a fresh optimizer. */
export function createOptimizer(spec: OptimizerSpec, weights: readonly Trainable[]): Optimizer {
  const rule = ruleOf(spec);
  const kept = weights.map(({ name, variable }) => ({
    variable,
    slots: Object.entries(rule.slots).map(([slot, value]) => ({
      slot,
      name: `${name}/${slot}`,
      variable: tf.tidy(() => tf.variable(tf.fill(variable.shape, value), false)),
    })),
  }));
  const steps = kept.map(({ variable, slots }) => ({
    variable,
    slots: Object.fromEntries(slots.map(({ slot, variable: v }) => [slot, v])),
  }));
  const slots = kept.flatMap((weight) => weight.slots);
  return {
    slots,
    rateAt: (learningRate, t) => rule.rate(learningRate, t),
    apply: (gradients, rate) =>
      tf.tidy(() => {
        for (const { variable, slots: own } of steps) {
          variable.assign(tf.sub(variable, rule.decrease(gradients[variable.name]!, own, rate)));
        }
      }),
    dispose: () => tf.dispose(slots.map(({ variable }) => variable)),
  };
}
