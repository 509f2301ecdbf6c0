// How much memory training will take, by arithmetic. An estimate: what each backend adds for its own
// workspace is not in it.
import { elementsOf } from '../ml/graph.js';
import type { LayerShape } from '../ml/layer-shapes.js';
import type { Plan } from '../schemas/plan.js';
import type { Optimizer } from '../schemas/optimization.js';

const FLOAT_BYTES = 4;

/** Tensors of a weight's size that TF.js' optimizers keep for each trainable weight. */
function slotsOf(optimizer: Optimizer): number {
  switch (optimizer.type) {
    case 'sgd':
      return (optimizer.momentum ?? 0) > 0 ? 1 : 0;
    case 'adagrad':
      return 1;
    case 'rmsprop':
      return optimizer.centered === true ? 3 : 2;
    case 'adadelta':
    case 'adam':
    case 'adamax':
      return 2;
  }
}

export interface MemoryFacts {
  layers: readonly LayerShape[];
  optimizer: Optimizer;
  batchSize: number;
  /** Stored examples: uint8 for images, with an int32 label each. */
  examples: { count: number; elements: number };
}

export function estimateMemory({ layers, optimizer, batchSize, examples }: MemoryFacts): Plan['memory'] {
  const total = (of: (layer: LayerShape) => number): number => layers.reduce((sum, layer) => sum + of(layer), 0);
  const parametersBytes = FLOAT_BYTES * total((layer) => layer.parameterCount);
  const gradientsBytes = FLOAT_BYTES * total((layer) => layer.trainableParameterCount);
  const optimizerBytes = slotsOf(optimizer) * gradientsBytes;
  // Every output is kept until its gradient is done; one gradient of the largest output lives beside them.
  const outputs = layers.map((layer) => (layer.outputShape === null ? 0 : elementsOf(layer.outputShape)));
  const kept = outputs.reduce((sum, size) => sum + size, 0) + outputs.reduce((most, size) => Math.max(most, size), 0);
  const activationsBytes = FLOAT_BYTES * batchSize * kept;
  const datasetBytes = examples.count * (examples.elements + 4);
  return {
    parametersBytes, optimizerBytes, gradientsBytes, activationsBytes, datasetBytes,
    totalBytes: parametersBytes + optimizerBytes + gradientsBytes + activationsBytes + datasetBytes,
  };
}

/** `1.5 GiB`; three significant digits. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit] ?? ''}`;
}
