// Lists of runs: filters, orders, pages.
import type { Test } from 'tap';
import type { RunFilter } from '../../src/runs/run-repository.js';
import { newRun, runIn, type CreateSubject } from './subject.js';

export async function runListContract(t: Test, createSubject: CreateSubject): Promise<void> {
  const subject = await createSubject(t);
  const { runs } = subject;

  await t.test('filters, each and together', async (t) => {
    const team = await subject.newTeam();
    await runIn(subject, 'failed', newRun(team, { name: 'Alpha 100%', recipe: 'mnist-linear', spec: { tags: ['a', 'b'] } }));
    await runIn(subject, 'running', newRun(team, { name: 'alpha_beta', recipe: 'mnist-relu', spec: { tags: ['b'] } }));
    await runIn(subject, 'queued', newRun(team, { name: 'ÄPFEL 1000 \\ alphaXbeta', spec: { tags: [], dataset: { name: 'fashion-mnist' } } }));
    const names = async (filter: RunFilter) => (await runs.list(team, { filter, order: 'oldest', limit: 10 })).map(({ name }) => name.slice(0, 6));
    const cases: [string, RunFilter, string[]][] = [
      ['nothing asked', {}, ['Alpha ', 'alpha_', 'ÄPFEL ']],
      ['one state', { states: ['running'] }, ['alpha_']],
      ['several states', { states: ['queued', 'failed'] }, ['Alpha ', 'ÄPFEL ']],
      ['a state that none is in', { states: ['lost'] }, []],
      ['no state at all', { states: [] }, []],
      ['a tag of two', { tag: 'b' }, ['Alpha ', 'alpha_']],
      ['a tag of one', { tag: 'a' }, ['Alpha ']],
      ['a part of a tag is none', { tag: 'contrac' }, []],
      ['an empty text asks for nothing', { tag: '', recipe: '', dataset: '', name: '' }, ['Alpha ', 'alpha_', 'ÄPFEL ']],
      ['a recipe', { recipe: 'mnist-relu' }, ['alpha_']],
      ['a part of a recipe is none', { recipe: 'mnist' }, []],
      ['a data set', { dataset: 'fashion-mnist' }, ['ÄPFEL ']],
      ['a name ignores case', { name: 'ALPHA' }, ['Alpha ', 'alpha_', 'ÄPFEL ']],
      ['also beyond ASCII', { name: 'äpfel' }, ['ÄPFEL ']],
      ['% is a character', { name: '100%' }, ['Alpha ']],
      ['% alone', { name: '%' }, ['Alpha ']],
      ['_ is a character', { name: 'alpha_BETA' }, ['alpha_']],
      ['\\ is a character', { name: '\\' }, ['ÄPFEL ']],
      ['\\ before a wildcard', { name: '\\%' }, []],
      ['all of them', { states: ['failed'], tag: 'b', recipe: 'mnist-linear', dataset: 'mnist', name: 'alpha' }, ['Alpha ']],
      ['all but one', { states: ['running'], tag: 'a' }, []],
      ['NUL is in no name', { name: 'Alpha\u0000' }, []],
      ['nor in a tag, a recipe or a data set', { tag: 'a\u0000', recipe: '\u0000', dataset: '\u0000' }, []],
    ];
    const [first, , third] = await runs.list(team, { filter: {}, order: 'oldest', limit: 10 });
    const elsewhere = await runIn(subject, 'queued', newRun(await subject.newTeam()));
    cases.push(['ids, and not those of others', { ids: [third!.id, elsewhere.id, first!.id] }, ['Alpha ', 'ÄPFEL ']], ['no id', { ids: [] }, []], ['an id and a state', { ids: [third!.id], states: ['failed'] }, []]);
    for (const [what, filter, expected] of cases) t.strictSame(await names(filter), expected, what);
  });

  await t.test('orders and pages', async (t) => {
    const team = await subject.newTeam();
    // At once, so that many are created within one millisecond.
    const made = (await Promise.all(Array.from({ length: 23 }, (_, index) => runs.create(newRun(team, { name: `run ${index}` }))))).map(({ run }) => run.id);
    async function walk(order: 'newest' | 'oldest', limit: number): Promise<string[]> {
      const seen: string[] = [];
      for (;;) {
        const last = seen.at(-1);
        const page = await runs.list(team, { filter: { tag: 'contract' }, order, limit, ...(last === undefined ? {} : { after: last }) });
        seen.push(...page.map(({ id }) => id));
        if (page.length < limit) return seen;
        if (seen.length > 100) throw new Error('the pages do not end');
      }
    }
    const oldest = await walk('oldest', 100);
    t.strictSame([...oldest].sort(), [...made].sort(), 'all are there, each once');
    for (const limit of [1, 4, 23]) {
      t.strictSame(await walk('oldest', limit), oldest, `pages of ${limit} from the oldest on`);
      t.strictSame(await walk('newest', limit), [...oldest].reverse(), `pages of ${limit} from the newest on`);
    }
    const late = (await runs.create(newRun(team))).run.id;
    t.strictSame((await walk('newest', 5))[0], late, 'a later run is the newest');
    t.strictSame((await walk('oldest', 5)).at(-1), late, 'and comes last from the oldest on');
    const middle = oldest[11] ?? '';
    await runs.change(middle, { to: 'cancelled' });
    await runs.delete(team, middle);
    t.strictSame((await runs.list(team, { filter: {}, order: 'oldest', after: middle, limit: 3 })).map(({ id }) => id), oldest.slice(12, 15), 'a cursor outlives its run');
  });
}
