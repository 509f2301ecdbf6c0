// The layers of a run's model, as Keras' model.summary() tells them.
import { api, take } from '../../api/client.js';
import { useResource } from '../../api/resource.js';
import { count } from '../../lib/format.js';
import { ErrorNote, Loading } from '../../ui/surfaces.js';
import { Table } from '../../ui/table.js';

export function RunModel({ id }: { id: string }) {
  const { data, error, reload } = useResource(`model ${id}`, (signal) => take(api.GET('/v1/runs/{id}/model', { params: { path: { id } }, signal })));
  if (data === undefined) return error === undefined ? <Loading lines={6} /> : <ErrorNote error={error} onRetry={reload} />;
  return (
    <Table
      label="Layers of the model" rows={data.layers} rowKey={({ name }) => name}
      columns={[
        { key: 'name', title: 'Layer', cell: ({ name }) => name },
        { key: 'type', title: 'Type', cell: ({ type }) => type },
        { key: 'shape', title: 'Output', cell: ({ outputShape }) => (outputShape === null ? 'unknown' : outputShape.join(' × ')) },
        { key: 'weights', title: 'Weights', number: true, cell: ({ parameterCount }) => count(parameterCount) },
      ]}
      foot={<tfoot><tr><th scope="row" colSpan={3}>In all</th><td class="number">{count(data.parameterCount)}</td></tr></tfoot>}
    />
  );
}
