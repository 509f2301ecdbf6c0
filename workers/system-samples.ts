// What the trainer's process uses, sampled every few seconds while it trains.
import type { NewEvent } from '../src/schemas/event.js';

export const SAMPLE_MS = 5_000;

export interface SystemSamplesOptions {
  attempt: number;
  /** Memory in tensors, as far as the backend knows. */
  tensorBytes(): number;
  onSample(sample: NewEvent): void;
}

/** Answers a function that stops the sampling. */
export function startSystemSamples({ attempt, tensorBytes, onSample }: SystemSamplesOptions): () => void {
  let cpu = process.cpuUsage();
  let at = performance.now();
  const timer = setInterval(() => {
    const used = process.cpuUsage(cpu);
    const now = performance.now();
    const cpuPercent = Math.round((used.user + used.system) / 10 / (now - at));
    cpu = process.cpuUsage();
    at = now;
    onSample({ kind: 'system', at: new Date().toISOString(), data: { attempt, rssBytes: process.memoryUsage.rss(), cpuPercent, tensorBytes: tensorBytes() } });
  }, SAMPLE_MS);
  timer.unref();
  return () => clearInterval(timer);
}
