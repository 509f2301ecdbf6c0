// What a run's model makes of a drawing.
import { api, take } from '../../api/client.js';
import { useResource } from '../../api/resource.js';
import type { Artifact, Run } from '../../api/types.js';
import { lossOf, saysHowLikely } from '../../lib/answers.js';
import { hrefOf } from '../../lib/router.js';
import { Card } from '../../ui/surfaces.js';
import { DigitPad } from './digit-pad.js';

/** Nothing, for data of another kind than drawn digits, and for a model that does not say how likely each of them is. */
export function TryIt({ run, files }: { run: Run; files: readonly Artifact[] | undefined }) {
  const name = run.spec.dataset.name;
  const { data: dataset } = useResource(`dataset ${name}`, (signal) => take(api.GET('/v1/datasets/{name}', { params: { path: { name } }, signal })));
  if (dataset === undefined || dataset.inputShape.join() !== '28,28,1' || !saysHowLikely(lossOf(run))) return null;
  const isReady = files?.some(({ path }) => path === 'model/model.json') ?? false;
  return (
    <Card title="Ask the model" actions={isReady && <a class="button button-quiet" href={hrefOf('try', { params: { id: run.id } })}>Look inside it</a>}>
      {isReady ? <DigitPad key={run.id} runId={run.id} labels={dataset.labels} /> : <p class="muted">The model can be asked once the run has succeeded.</p>}
    </Card>
  );
}
