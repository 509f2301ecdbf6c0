import t from 'tap';
import { Kept } from '../../src/kept.js';

t.test('an answer is found once for all who ask within a while of it', async (t) => {
  let now = 0;
  let found = 0;
  const answers = new Kept<number>(100, () => now);
  const ask = () => answers.get(async () => (found += 1));
  t.strictSame(await Promise.all([ask(), ask()]), [1, 1]);
  now = 99;
  t.equal(await ask(), 1);
  now = 100;
  t.equal(await ask(), 2);
  answers.forget();
  t.equal(await ask(), 3, 'or until it is known to be old');
  t.equal(await answers.get(async () => -1, 'another question'), -1);
});

t.test('one that takes long is not asked for twice meanwhile, and may stay good for longer', async (t) => {
  let now = 0;
  let found = 0;
  let finish = () => undefined as void;
  const answers = new Kept<number>((tookMs) => 10 * tookMs, () => now);
  const ask = () => answers.get(() => new Promise<number>((resolve) => (finish = () => resolve((found += 1)))));
  const first = ask();
  now = 50;
  const second = ask();
  finish();
  t.strictSame(await Promise.all([first, second]), [1, 1]);
  now = 549;
  t.equal(await ask(), 1);
  now = 550;
  const third = ask();
  finish();
  t.equal(await third, 2);
});

t.test('a failure is everybody’s who asked, and not kept', async (t) => {
  let tries = 0;
  const answers = new Kept<number>(100, () => 0);
  const ask = () => answers.get(async () => {
    tries += 1;
    if (tries === 1) throw new Error('away');
    return tries;
  });
  await Promise.all([t.rejects(ask(), /away/), t.rejects(ask(), /away/)]);
  t.equal(await ask(), 2);
});
