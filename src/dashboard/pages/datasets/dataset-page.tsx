// One data set: what it holds, and the runs on it.
import { api, take } from '../../api/client.js';
import { ApiError } from '../../api/error.js';
import { useResource } from '../../api/resource.js';
import type { Dataset } from '../../api/types.js';
import { percent, several } from '../../lib/format.js';
import type { Params } from '../../lib/match.js';
import { hrefOf } from '../../lib/router.js';
import { useTitle } from '../../lib/title.js';
import { useRuns } from '../../live/run-list.js';
import { headlineOf } from '../../lib/run-words.js';
import { Card, Empty, ErrorNote, Loading } from '../../ui/surfaces.js';
import { countWords, shapeWords, sizeWords } from './dataset-words.js';
import { Preview } from './preview.js';
import './datasets.css';

export function DatasetPage({ params }: { params: Params }) {
  const name = params.name ?? '';
  const { data, error, reload } = useResource(`dataset ${name}`, (signal) => take(api.GET('/v1/datasets/{name}', { params: { path: { name } }, signal })));
  const isMissing = error instanceof ApiError && error.status === 404;
  useTitle(isMissing ? 'No such data set' : (data?.title ?? null));
  if (isMissing) return <Empty title="There is no such data set"><p>Nothing is called <code>{name}</code>.</p><a class="button" href={hrefOf('datasets')}>All data sets</a></Empty>;
  return (
    <article class="dataset">
      <a class="dataset-back small" href={hrefOf('datasets')}>All data sets</a>
      <div class="page-head"><h1>{data?.title ?? name}</h1></div>
      <ErrorNote error={error} title="The data set could not be read." onRetry={reload} />
      {data === undefined ? error === undefined && <Loading lines={3} height={80} label="Loading the data set" /> : <About dataset={data} />}
    </article>
  );
}

function About({ dataset }: { dataset: Dataset }) {
  const { name, description, labels, inputShape, trainCount, testCount, files } = dataset;
  return (
    <>
      <p class="dataset-lead muted">{description}</p>
      <dl class="dataset-facts">
        <div><dt>Examples</dt><dd>{countWords(dataset)}</dd></div>
        <div><dt>Each</dt><dd>{shapeWords(dataset)}</dd></div>
        <div><dt>Shape</dt><dd><code>[{inputShape.join(', ')}]</code></dd></div>
        <div><dt>In memory</dt><dd>{sizeWords(dataset)}</dd></div>
      </dl>
      <div class="dataset-split" role="img" aria-label={`${percent(trainCount / Math.max(1, trainCount + testCount))} to train on, the rest to test on`}>
        <span style={{ flexGrow: trainCount }}>Train</span>
        {testCount > 0 && <span class="test" style={{ flexGrow: testCount }}>Test</span>}
      </div>
      <div class="dataset-parts">
        <Preview dataset={dataset} />
        <div class="dataset-column">
          <Card title={several(labels.length, 'class', 'classes')}>
            <ol class="dataset-labels" start={0}>{labels.map((label, at) => <li key={at}>{label !== String(at) && <span class="muted">{at}</span>} {label}</li>)}</ol>
          </Card>
          <RunsOn name={name} />
          <Card title="Files">
            <ul class="dataset-files">{Object.entries(files).map(([file, hash]) => <li key={file}><b>{file}</b><code>{hash}</code></li>)}</ul>
            <p class="small muted">SHA-256, checked before the examples are used.</p>
          </Card>
        </div>
      </div>
    </>
  );
}

function RunsOn({ name }: { name: string }) {
  const runs = useRuns().value;
  const on = runs?.filter(({ spec }) => spec.dataset.name === name);
  return (
    <Card title="Runs on it">
      {on === undefined ? <Loading lines={4} label="Loading the runs" /> : on.length === 0 ? <p class="muted small">None yet. <a href={hrefOf('newRun')}>Start one from a recipe.</a></p> : (
        <>
          <ul class="dataset-runs">{on.slice(0, 8).map((run) => <li key={run.id}><a href={hrefOf('run', { params: { id: run.id } })}>{run.name}</a><span class="muted">{headlineOf(run)?.text ?? run.state}</span></li>)}</ul>
          <a class="button" href={hrefOf('runs', { query: { dataset: name } })}>{on.length === 1 ? 'In the list of runs' : `All ${on.length} in the list of runs`}</a>
        </>
      )}
    </Card>
  );
}
