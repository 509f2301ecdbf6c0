// What is trained meanwhile: small models with dropout and batch normalization on both engines, on the CPU, each for a
// second or two on an idle machine, with a state kept every so many steps.
import type { RunSpec } from '../../src/schemas/spec.js';

const dataset = (take: number): RunSpec['dataset'] => ({ name: 'mnist', take, validation: { split: 0.2 } });
const dense: RunSpec['model'] = {
  layers: [
    { type: 'flatten' },
    { type: 'dense', units: 32 },
    { type: 'batchNormalization' },
    { type: 'activation', activation: 'relu' },
    { type: 'dropout', rate: 0.3 },
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
};
const conv: RunSpec['model'] = {
  layers: [
    { type: 'conv2d', filters: 8, kernelSize: 5, useBias: false },
    { type: 'batchNormalization' },
    { type: 'activation', activation: 'relu' },
    { type: 'maxPooling2d', poolSize: 2 },
    { type: 'dropout', rate: 0.2 },
    { type: 'flatten' },
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
};
const loss = 'categoricalCrossentropy';
const cpu = { device: 'cpu' } as const;

export const SPECS = {
  compiled: {
    dataset: dataset(1_700), model: conv, optimizer: { type: 'adam' }, loss, engine: 'compiled', resources: cpu,
    fit: { batchSize: 16, epochs: 3, seed: 11 }, checkpoints: { everySteps: 25 },
  },
  eager: {
    dataset: dataset(550), model: dense, optimizer: { type: 'rmsprop', momentum: 0.5 }, loss, engine: 'eager', resources: { ...cpu, backend: 'wasm' },
    fit: { batchSize: 8, epochs: 3, seed: 12 }, checkpoints: { everySteps: 30 },
  },
  scheduled: {
    dataset: dataset(1_200), model: conv, optimizer: { type: 'sgd', momentum: 0.9 }, loss, engine: 'compiled', resources: cpu,
    schedule: { type: 'reduceOnPlateau', monitor: 'val_loss', factor: 0.5, patience: 1 },
    fit: { batchSize: 16, epochs: 4, seed: 13 }, checkpoints: { everySteps: 40, everyEpochs: 1, keepBest: 1 },
    callbacks: [{ type: 'earlyStopping', monitor: 'val_loss', patience: 4, restoreBestWeights: true }],
  },
} as const satisfies Record<string, RunSpec>;
export type SpecName = keyof typeof SPECS;
export const SPEC_NAMES = Object.keys(SPECS) as SpecName[];
