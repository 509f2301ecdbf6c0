// What of the list one wants to see.
import type { Run } from '../../api/types.js';
import * as codecs from '../../lib/codecs.js';
import { sentence } from '../../lib/format.js';
import { setQuery, useUrlState } from '../../lib/router.js';
import { Button } from '../../ui/button.js';
import { Select, TextField } from '../../ui/field.js';
import { FACETS, facetsOf, STATE_FILTERS, type Facet, type Wanted } from './select-runs.js';
import { useMemo } from 'preact/hooks';

const TEXT = codecs.text();
const STATE = codecs.choice(STATE_FILTERS);
export const WHOSE = codecs.choice(['ours', 'shared']);
const NAMES: Record<Facet, { one: string; all: string }> = {
  recipe: { one: 'Recipe', all: 'All recipes' },
  dataset: { one: 'Data set', all: 'All data sets' },
  tag: { one: 'Tag', all: 'All tags' },
  user: { one: 'User', all: 'All users' },
};

/** What the address asks for. */
export function useWanted(): Wanted {
  const [query] = useUrlState('q', TEXT);
  const [state] = useUrlState('state', STATE);
  const [recipe] = useUrlState('recipe', TEXT);
  const [dataset] = useUrlState('dataset', TEXT);
  const [tag] = useUrlState('tag', TEXT);
  const [user] = useUrlState('user', TEXT);
  return useMemo(() => ({ query, state, recipe, dataset, tag, user }), [query, state, recipe, dataset, tag, user]);
}

export function RunFilters({ runs, wanted }: { runs: readonly Run[]; wanted: Wanted }) {
  const [, setText] = useUrlState('q', TEXT);
  const [, setState] = useUrlState('state', STATE);
  const [whose, setWhose] = useUrlState('whose', WHOSE);
  const facets = useMemo(() => facetsOf(runs), [runs]);
  const isNarrow = wanted.query !== '' || wanted.state !== 'all' || FACETS.some((facet) => wanted[facet] !== '');
  return (
    <div class="runs-filter" role="search">
      <TextField label="Find" hideLabel type="search" placeholder="Name, recipe, tag or user" value={wanted.query} onInput={setText} />
      <Select label="Whose" hideLabel value={whose} onChange={setWhose} options={[{ value: 'ours', label: 'Our runs' }, { value: 'shared', label: 'Shared with us' }]} />
      <Select label="State" hideLabel value={wanted.state} onChange={setState} options={STATE_FILTERS.map((value) => ({ value, label: value === 'all' ? 'All states' : sentence(value) }))} />
      {FACETS.map((facet) => {
        const value = wanted[facet] ?? '';
        // A choice of one is none; what the address asks for is shown, also where no run is like that.
        if (facets[facet].length < 2 && value === '') return null;
        const options = facets[facet].includes(value) || value === '' ? facets[facet] : [value, ...facets[facet]];
        return <Select key={facet} label={NAMES[facet].one} hideLabel value={value} onChange={(next) => setQuery({ [facet]: next === '' ? null : next })} options={[{ value: '', label: NAMES[facet].all }, ...options.map((option) => ({ value: option, label: option }))]} />;
      })}
      {isNarrow && <Button quiet onClick={() => setQuery({ q: null, state: null, recipe: null, dataset: null, tag: null, user: null })}>Show all</Button>}
    </div>
  );
}
