// From a recipe to a run. Each rung of the ladder changes one idea of the rung before it.
import { api, take } from '../../api/client.js';
import { useAction, useResource } from '../../api/resource.js';
import { whyNot } from '../../api/session.js';
import type { Recipe, Run } from '../../api/types.js';
import { percent } from '../../lib/format.js';
import { go, hrefOf } from '../../lib/router.js';
import { noteRun, useRuns } from '../../live/run-list.js';
import { numberOf } from '../../lib/number-of.js';
import { Button } from '../../ui/button.js';
import { ErrorNote, Loading } from '../../ui/surfaces.js';
import './new-run.css';

export function NewRunPage() {
  const recipes = useResource('recipes', async (signal) => (await take(api.GET('/v1/recipes', { signal }))).items);
  const runs = useRuns().value ?? [];
  const train = useAction(async (recipe: string) => {
    const run = await take(api.POST('/v1/runs', { body: { recipe } as never }));
    noteRun(run as Run);
    go(hrefOf('run', { params: { id: (run as Run).id } }));
  });
  const reached = (recipes.data ?? []).map(({ name }) => bestOf(runs, name));
  const next = reached.findIndex((one) => one === null);
  return (
    <>
      <div class="page-head"><h1>New run</h1></div>
      <p class="new-run-lead muted">Each rung of the ladder changes one idea of the rung before it, from a single layer to a network that is nearly never wrong.</p>
      <ErrorNote error={train.error} title="The run was not started." />
      <ErrorNote error={recipes.error} title="The recipes could not be read." onRetry={recipes.reload} />
      {recipes.data === undefined ? <Loading lines={7} height={64} label="Loading the recipes" /> : (
        <ol class="ladder">
          {recipes.data.map((recipe, at) => <Rung key={recipe.name} recipe={recipe} reached={reached[at] ?? null} isNext={at === next} busy={train.busy} onTrain={() => train.run(recipe.name)} />)}
        </ol>
      )}
    </>
  );
}

function Rung({ recipe: { name, title, idea, description, expected }, reached, isNext, busy, onTrain }: { recipe: Recipe; reached: number | null; isNext: boolean; busy: boolean; onTrain(): void }) {
  const goal = expected.atLeast === undefined ? `stays below ${share(expected.atMost)}` : `reaches ${share(expected.atLeast)}`;
  return (
    <li data-recipe={name} data-done={reached !== null || undefined}>
      <div>
        <h2>{title} {reached !== null && <span class="reached" title="The best of the runs in the list">{percent(reached)}</span>}</h2>
        <p>{idea}</p>
        <p class="muted small">{description} It {goal}.</p>
      </div>
      <Button primary={isNext} busy={busy} why={whyNot('write')} onClick={onTrain} label={`Train: ${title}`}>Train</Button>
    </li>
  );
}

const share = (value = 0) => `${Number((value * 100).toFixed(2))} %`;

/** The best accuracy that runs of a recipe came to; null where there is none. */
function bestOf(runs: readonly Run[], recipe: string): number | null {
  const results = runs.filter((run) => run.recipe === recipe && run.state === 'succeeded').map((run) => numberOf(run.metrics.val_accuracy)).filter(Number.isFinite);
  return results.length === 0 ? null : Math.max(...results);
}
