// A run's model in one's own hands: it computes in this browser, from the files that the run has stored.
import { ApiError } from '../../api/error.js';
import { onlyRun } from '../../api/session.js';
import type { Artifact, Run } from '../../api/types.js';
import { useNow } from '../../lib/clock.js';
import { lossOf } from '../../lib/answers.js';
import type { Params } from '../../lib/match.js';
import { hrefOf } from '../../lib/router.js';
import { specLineOf } from '../../lib/run-words.js';
import { useTitle } from '../../lib/title.js';
import { hasEnded } from '../../../portable/run-states.js';
import { useRun } from '../../live/run-store.js';
import { useFiles } from '../../live/use-files.js';
import { Empty, ErrorNote, Loading } from '../../ui/surfaces.js';
import { checkpointsOf } from './checkpoints.js';
import { whyNotTry } from './suits.js';
import { TryModel } from './try-model.js';
import { useModel, type ModelFiles } from './use-model.js';
import './try.css';

export function TryPage({ params }: { params: Params }) {
  const store = useRun(params.id ?? '');
  if (store === null) return <Waiting />;
  const error = store.error.value;
  if (store.gone.value || (error instanceof ApiError && (error.code === 'not_found' || error.status === 400))) {
    return <Empty title="There is no such run"><p>It may have been deleted, or is of another team.</p>{onlyRun() === null && <a class="button" href={hrefOf('runs')}>All runs</a>}</Empty>;
  }
  const run = store.run.value;
  if (run === null) return error === undefined ? <Waiting /> : <ErrorNote title="The run could not be read." error={error} onRetry={() => store.reload()} />;
  return <Shown key={run.id} run={run} />;
}

function Shown({ run }: { run: Run }) {
  useTitle(`Try ${run.name}`);
  const now = useNow();
  return (
    <article class="try" aria-labelledby="try-name">
      <a class="try-back" href={hrefOf('run', { params: { id: run.id } })}>{run.name}</a>
      <header>
        <h1 id="try-name">Try {run.name}</h1>
        <p class="muted small">{specLineOf(run, now)}. The model computes in this browser: what you draw stays here.</p>
      </header>
      <Files run={run} />
    </article>
  );
}

function Files({ run }: { run: Run }) {
  const { data: files, error, reload } = useFiles(run);
  if (files === undefined) return error === undefined ? <WaitingModel /> : <ErrorNote title="The run's files could not be listed." error={error} onRetry={reload} />;
  const fileOf = (path: string) => files.find((file) => file.path === path);
  const [modelJson, weights] = [fileOf('model/model.json'), fileOf('model/weights.bin')];
  if (modelJson !== undefined && weights !== undefined) return <Loaded run={run} files={files} model={{ modelJson, weights }} />;
  return (
    <Empty title={hasEnded(run.state) ? 'The run left no model' : 'There is no model yet'}>
      <p>{hasEnded(run.state) ? `It is ${run.state}; a model is stored where a run succeeds.` : 'It is stored when the run has succeeded, and then this page goes on by itself.'}</p>
    </Empty>
  );
}

function Loaded({ run, files, model: modelFiles }: { run: Run; files: readonly Artifact[]; model: ModelFiles }) {
  const { model, error, again } = useModel(modelFiles);
  if (model === null) return error === undefined ? <WaitingModel /> : <ErrorNote title="The model could not be loaded." error={error} onRetry={again} />;
  const why = whyNotTry(model.metadata, lossOf(run));
  if (why !== null) return <Empty title="Not for this model"><p>{why}</p></Empty>;
  return <TryModel key={modelFiles.weights.sha256} run={run} model={model} checkpoints={checkpointsOf(files)} />;
}

function Waiting() {
  return <div class="try"><Loading height={72} label="Loading the run" /><WaitingModel /></div>;
}

function WaitingModel() {
  return <div class="try-top"><Loading height={420} label="Loading the model" /><Loading height={420} /><Loading height={420} /></div>;
}
