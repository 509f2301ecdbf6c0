// The data that runs may be trained on.
import { api, take } from '../../api/client.js';
import { useResource } from '../../api/resource.js';
import { several } from '../../lib/format.js';
import { hrefOf } from '../../lib/router.js';
import { Empty, ErrorNote, Loading } from '../../ui/surfaces.js';
import { countWords, shapeWords } from './dataset-words.js';
import './datasets.css';

export function DatasetsPage() {
  const { data, error, reload } = useResource('datasets', async (signal) => (await take(api.GET('/v1/datasets', { signal }))).items);
  return (
    <>
      <div class="page-head"><h1>Data sets</h1></div>
      <ErrorNote error={error} title="The data sets could not be read." onRetry={reload} />
      {data === undefined ? error === undefined && <Loading lines={2} height={96} label="Loading the data sets" /> : data.length === 0 ? <Empty title="No data sets" /> : (
        <ul class="datasets">
          {data.map((dataset) => (
            <li key={dataset.name} class="card">
              <h2><a href={hrefOf('dataset', { params: { name: dataset.name } })}>{dataset.title}</a></h2>
              <p class="small muted"><code>{dataset.name}</code></p>
              <dl class="dataset-facts">
                <div><dt>Examples</dt><dd>{countWords(dataset)}</dd></div>
                <div><dt>Each</dt><dd>{shapeWords(dataset)}</dd></div>
                <div><dt>Classes</dt><dd>{several(dataset.labels.length, 'class', 'classes')}</dd></div>
              </dl>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
