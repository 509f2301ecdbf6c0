// Softmax, and what it costs to be wrong.

/** p_i = e^(z_i / T) / Σ_j e^(z_j / T). The greatest is taken off first, which changes nothing but keeps e^z finite. */
export function softmax(logits: readonly number[], temperature = 1): number[] {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - top) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Σ p_i log2(1 / p_i): 0 for one that is sure, log2(n) for one that knows nothing. */
export const entropyBits = (shares: readonly number[]): number => shares.reduce((sum, share) => sum + (share > 0 ? -share * Math.log2(share) : 0), 0);

/** −ln of what the right class was given: the loss of the example. From the logits, so that it is right where the share is too small to write. */
export function crossEntropy(logits: readonly number[], right: number, temperature = 1): number {
  const top = Math.max(...logits);
  return Math.log(logits.reduce((sum, logit) => sum + Math.exp((logit - top) / temperature), 0)) - (logits[right]! - top) / temperature;
}

/** d loss / d z_i = (p_i − [i is right]) / T: what training pulls at each logit with. */
export const lossGradient = (logits: readonly number[], right: number, temperature = 1): number[] => softmax(logits, temperature).map((share, at) => (share - (at === right ? 1 : 0)) / temperature);
