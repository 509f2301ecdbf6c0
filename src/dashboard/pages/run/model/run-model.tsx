// The model of a run, as a table and as a drawing.
import { api, take } from '../../../api/client.js';
import { useResource } from '../../../api/resource.js';
import type { Run } from '../../../api/types.js';
import * as codecs from '../../../lib/codecs.js';
import { useUrlState } from '../../../lib/router.js';
import { Card, ErrorNote, Loading } from '../../../ui/surfaces.js';
import { Tabs } from '../../../ui/tabs.js';
import { ModelGraph } from './model-graph.js';
import { ModelTable } from './model-table.js';

const TABS = [{ key: 'table', label: 'Table' }, { key: 'graph', label: 'Graph' }] as const;
const SHOWN = codecs.choice(['table', 'graph']);

export function RunModel({ run: { id, spec } }: { run: Run }) {
  const [shown, setShown] = useUrlState('model', SHOWN);
  const { data, error, reload } = useResource(`model ${id}`, (signal) => take(api.GET('/v1/runs/{id}/model', { params: { path: { id } }, signal })));
  return (
    <Card title="Model">
      {data === undefined ? (error === undefined ? <Loading lines={6} /> : <ErrorNote error={error} onRetry={reload} />) : (
        <Tabs label="The model as" tabs={TABS} value={shown} onChange={setShown}>
          {shown === 'table' ? <ModelTable summary={data} /> : <ModelGraph summary={data} model={spec.model} />}
        </Tabs>
      )}
    </Card>
  );
}
