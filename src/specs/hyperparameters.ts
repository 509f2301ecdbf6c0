// A spec as flat columns, for searching and comparing runs: `optimizer.learningRate`, `model.layers.1.units`.
import { effectiveLoss } from '../portable/answer.js';
import type { RunSpec } from '../schemas/spec.js';
import { baseLearningRate, defaultMetrics, effectiveFit, effectiveValidation } from './defaults.js';

export interface Hyperparameter {
  key: string;
  value: string | number | boolean;
}

const MAX_COLUMNS = 500;
const MAX_TEXT = 200;

/**
 * What the run trains with, defaults that matter for comparison filled in; a topology counts as its kind
 * alone. At most 500 columns: layers come last, so a very deep model loses its own tail only.
 */
export function flattenHyperparameters(spec: RunSpec): Hyperparameter[] {
  const { dataset, optimizer, schedule, callbacks, engine, resources, model } = spec;
  const columns: Hyperparameter[] = [];
  flatten({ ...dataset, validation: effectiveValidation(dataset) }, 'dataset', columns);
  flatten({ ...optimizer, learningRate: baseLearningRate(optimizer) }, 'optimizer', columns);
  flatten(schedule ?? { type: 'constant' }, 'schedule', columns);
  const loss = effectiveLoss(spec.loss);
  columns.push({ key: 'loss', value: loss.type }, { key: 'loss.fromLogits', value: loss.fromLogits });
  flatten(defaultMetrics(spec), 'metrics', columns);
  flatten(effectiveFit(spec), 'fit', columns);
  flatten(callbacks ?? [], 'callbacks', columns);
  flatten({ engine, resources }, '', columns);
  if ('layers' in model) {
    columns.push({ key: 'model.layerCount', value: model.layers.length });
    model.layers.forEach((layer, index) => flatten(layer, `model.layers.${index}`, columns));
  } else {
    columns.push({ key: 'model.topology', value: text(model.topology['class_name'] ?? 'wrapped') });
  }
  return columns.slice(0, MAX_COLUMNS);
}

/** Arrays of plain values become one text (`3,3`); of objects, numbered columns. */
function flatten(value: unknown, key: string, columns: Hyperparameter[]): void {
  if (typeof value === 'string') columns.push({ key, value: value.slice(0, MAX_TEXT) });
  else if (typeof value === 'number' || typeof value === 'boolean') columns.push({ key, value });
  else if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
    if (value.length > 0) columns.push({ key, value: text(value.join(',')) });
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) flatten(inner, key === '' ? name : `${key}.${name}`, columns);
  }
}

function text(value: unknown): string {
  return String(value).slice(0, MAX_TEXT);
}
