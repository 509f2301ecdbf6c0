// From an idea to a run: a recipe, a copy of a run or nothing, changed until the service says that it can be trained.
import { api, take } from '../../api/client.js';
import { useResource } from '../../api/resource.js';
import type { Run } from '../../api/types.js';
import * as codecs from '../../lib/codecs.js';
import { hrefOf, useUrlState } from '../../lib/router.js';
import { useRuns } from '../../live/run-list.js';
import { ErrorNote, Loading } from '../../ui/surfaces.js';
import { Editing } from './editing.js';
import { layOut } from './json-text.js';
import { withProposal } from './proposal.js';
import { schemaNamed, schemas } from './run-spec-schemas.js';
import { blankOf } from './schema.js';
import { StartFrom } from './start-from.js';
import './new-run.css';

const NAME = codecs.text();

export function NewRunPage() {
  const [from] = useUrlState('from', NAME);
  const [recipe] = useUrlState('recipe', NAME);
  // As a JSON merge patch: what another page proposes.
  const [change] = useUrlState('change', NAME);
  const recipes = useResource('recipes', async (signal) => (await take(api.GET('/v1/recipes', { signal }))).items);
  const datasets = useResource('datasets', async (signal) => (await take(api.GET('/v1/datasets', { signal }))).items.map(({ name }) => name));
  const runs = useRuns().value ?? [];
  const origin = from !== '' ? `run ${from} ${change}`.trim() : recipe !== '' ? `recipe ${recipe}` : 'nothing';
  const base = useResource(`start ${origin}`, async (signal) => layOut(from !== '' ? withProposal(await specOfRun(from, signal), change) : recipe !== '' ? (await take(api.GET('/v1/recipes/{name}', { params: { path: { name: recipe } }, signal }))).spec : blankSpec()));
  return (
    <>
      <div class="page-head">
        <h1>New run</h1>
        <StartFrom from={from} recipe={recipe} recipes={recipes.data ?? []} runs={runs} />
      </div>
      {origin === 'nothing' && <p class="new-run-lead muted small">Begin with a layer, or start from a recipe above. If this is your first one, <a href={hrefOf('learn')}>Learn</a> says what each recipe teaches.</p>}
      <ErrorNote error={base.error} title="What it starts from could not be read." onRetry={base.reload} />
      <ErrorNote error={datasets.error} title="The data sets could not be read." onRetry={datasets.reload} />
      {base.data === undefined ? base.error === undefined && <Loading lines={6} height={64} label="Loading the spec" /> : <Editing key={origin} origin={origin} base={base.data} recipe={from === '' ? recipe : ''} datasets={datasets.data ?? []} runs={runs} />}
    </>
  );
}

/** Its spec under the name and with the tags that it has now; not `keep`, which was said of that run. */
async function specOfRun(id: string, signal: AbortSignal): Promise<unknown> {
  const { spec, name, tags } = (await take(api.GET('/v1/runs/{id}', { params: { path: { id } }, signal }))) as Run;
  const { name: _, tags: __, ...rest } = spec;
  const kept = (tags ?? []).filter((tag) => tag !== 'keep');
  return { name, ...(kept.length === 0 ? {} : { tags: kept }), ...rest };
}

/** What every spec must have, and no layer yet. */
function blankSpec(): unknown {
  const spec = blankOf(schemas, schemaNamed('RunSpec')) as Record<string, unknown>;
  return { ...spec, dataset: { name: 'mnist' }, model: { layers: [] } };
}
