import t from 'tap';
import { kept } from '../../src/kept.js';

t.test('an answer is found once for all who ask within a while', async (t) => {
  let now = 0;
  let found = 0;
  const answer = kept(100, async () => (found += 1), () => now);
  t.strictSame(await Promise.all([answer.get(), answer.get()]), [1, 1]);
  now = 99;
  t.equal(await answer.get(), 1);
  now = 100;
  t.equal(await answer.get(), 2);
  answer.forget();
  t.equal(await answer.get(), 3, 'or until it is known to be old');
});

t.test('a failure is everybody’s who asked, and not kept', async (t) => {
  let tries = 0;
  const answer = kept(100, async () => {
    tries += 1;
    if (tries === 1) throw new Error('away');
    return tries;
  }, () => 0);
  await Promise.all([t.rejects(answer.get(), /away/), t.rejects(answer.get(), /away/)]);
  t.equal(await answer.get(), 2);
});
