// A run's model in words: the plan's layers, and the table that Keras users know.
import type { ModelSummary } from '../schemas/model.js';
import type { Plan, PlanLayer } from '../schemas/plan.js';

export function summaryOf(name: string, { layers, parameterCount, trainableParameterCount, flops }: Plan): ModelSummary {
  return { name, layers, parameterCount, trainableParameterCount, flops };
}

const HEAD = ['Layer (type)', 'Output shape', 'Param #'] as const;
const number = (value: number) => value.toLocaleString('en-US');

/** Ends with a newline. Shapes start with the batch axis, which is open. */
export function summaryTable({ name, layers, parameterCount, trainableParameterCount }: ModelSummary): string {
  const rows = layers.map((layer) => [`${layer.name} (${layer.type})`, shapeOf(layer), number(layer.parameterCount)]);
  const widths = HEAD.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => (column === 2 ? cell.padStart(widths[2] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('   ');
  const rule = (mark: string) => mark.repeat(line(HEAD).length);
  return [
    `Model: "${name}"`,
    rule('_'),
    line(HEAD),
    rule('='),
    ...rows.map(line),
    rule('='),
    `Total params: ${number(parameterCount)}`,
    `Trainable params: ${number(trainableParameterCount)}`,
    `Non-trainable params: ${number(parameterCount - trainableParameterCount)}`,
    '',
  ].join('\n');
}

function shapeOf({ outputShape }: PlanLayer): string {
  return outputShape === null ? 'unknown' : `[${['null', ...outputShape].join(', ')}]`;
}
