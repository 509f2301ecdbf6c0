// What one starts from. Each start has its own address, and its own draft.
import { useId } from 'preact/hooks';
import { ago } from '../../lib/format.js';
import { setQuery } from '../../lib/router.js';
import type { Recipe, Run } from '../../api/types.js';

export interface StartFromProps {
  from: string;
  recipe: string;
  recipes: readonly Recipe[];
  runs: readonly Run[];
}

const MOST_RUNS = 20;

export function StartFrom({ from, recipe, recipes, runs }: StartFromProps) {
  const id = useId();
  const value = from !== '' ? `from ${from}` : recipe !== '' ? `recipe ${recipe}` : '';
  const listed = runs.filter((run, at) => at < MOST_RUNS || run.id === from);
  const choose = (next: string) => {
    const [kind, name = ''] = next.split(' ');
    setQuery({ from: kind === 'from' ? name : null, recipe: kind === 'recipe' ? name : null, change: null }, true);
  };
  return (
    <div class="field start-from">
      <label for={id}>Start from</label>
      <select id={id} class="input" value={value} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        <option value="">Nothing</option>
        <optgroup label="A recipe">
          {recipes.map(({ name, title }) => <option key={name} value={`recipe ${name}`}>{title}</option>)}
          {recipe !== '' && !recipes.some(({ name }) => name === recipe) && <option value={`recipe ${recipe}`}>{recipe}</option>}
        </optgroup>
        <optgroup label="A copy of a run">
          {listed.map((run) => <option key={run.id} value={`from ${run.id}`}>{run.name}, {ago(run.createdAt, Date.now())}</option>)}
          {from !== '' && !listed.some((run) => run.id === from) && <option value={`from ${from}`}>the run of the link</option>}
        </optgroup>
      </select>
    </div>
  );
}
