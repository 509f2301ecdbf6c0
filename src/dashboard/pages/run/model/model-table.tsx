// The layers of a model, as Keras' model.summary() tells them.
import type { ModelSummary } from '../../../api/types.js';
import { count } from '../../../lib/format.js';
import { Table } from '../../../ui/table.js';
import { shapeText } from './graph-layout.js';
import { kindOf } from './layer-kinds.js';
import './model.css';

export function ModelTable({ summary: { layers, parameterCount, trainableParameterCount } }: { summary: ModelSummary }) {
  const totals = [['Total params', parameterCount], ['Trainable params', trainableParameterCount], ['Non-trainable params', parameterCount - trainableParameterCount]] as const;
  return (
    <Table
      label="Layers of the model" rows={layers} rowKey={({ name }) => name}
      columns={[
        { key: 'name', title: 'Layer', cell: ({ name, type }) => <span class="layer-name" data-layer={kindOf(type)}><i aria-hidden="true" />{name}</span> },
        { key: 'type', title: 'Type', cell: ({ type }) => type },
        { key: 'shape', title: 'Output shape', cell: ({ outputShape }) => shapeText(outputShape) },
        { key: 'params', title: 'Params', number: true, cell: ({ parameterCount: own }) => count(own) },
      ]}
      foot={<tfoot>{totals.map(([name, value]) => <tr key={name}><th scope="row" colSpan={3}>{name}</th><td class="number">{count(value)}</td></tr>)}</tfoot>}
    />
  );
}
