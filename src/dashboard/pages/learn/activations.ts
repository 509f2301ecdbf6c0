// Two activation functions, their slopes, and what a chain of them leaves of a gradient.

export const ACTIVATIONS = ['sigmoid', 'relu'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

interface Shape {
  value(x: number): number;
  /** Its derivative; at the corner of relu 0, as TensorFlow has it. */
  slope(x: number): number;
}

const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

export const SHAPES: Readonly<Record<Activation, Shape>> = {
  // σ′ = σ (1 − σ), written so that it does not round to 0 early: 1 − σ(x) is σ(−x).
  sigmoid: { value: sigmoid, slope: (x) => sigmoid(x) * sigmoid(-x) },
  relu: { value: (x) => Math.max(0, x), slope: (x) => (x > 0 ? 1 : 0) },
};

/** The steepest that a sigmoid gets. */
export const MOST_SIGMOID_SLOPE = 0.25;

/**
 * The share of a gradient that is left after 1, 2, … `depth` layers, whose units all stand at `x`: by the chain rule a
 * product of slopes. Weights are left out; they would have to be as large as the slope is small to make up for it.
 */
export function gradientThrough(activation: Activation, x: number, depth: number): number[] {
  const slope = SHAPES[activation].slope(x);
  return Array.from({ length: depth }, (_, at) => slope ** (at + 1));
}
