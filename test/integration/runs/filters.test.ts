// Filters of the list of runs, as PostgreSQL takes them.
import t from 'tap';
import { box, SPEC } from '../workers/harness.js';

t.test('a name is looked for as it is written, wildcards and all', async (t) => {
  const { runs, teamId } = await box(t);
  for (const name of ['ab', 'a_b', 'a%b', String.raw`a\b`]) await runs.submit({ teamId }, { ...SPEC, name });
  const found = async (name: string) => (await runs.list(teamId, { filter: { name }, order: 'oldest', limit: 10 })).items.map((run) => run.name);
  t.same(await found('_'), ['a_b']);
  t.same(await found('%'), ['a%b']);
  t.same(await found('\\'), [String.raw`a\b`]);
  t.same(await found('A'), ['ab', 'a_b', 'a%b', String.raw`a\b`], 'in either case');
});
