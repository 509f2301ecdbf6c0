// What a person has chosen, in the address and out of it.
import fc from 'fast-check';
import t from 'tap';
import * as codecs from '../../../src/dashboard/lib/codecs.js';
import { fillPath, matchPath } from '../../../src/dashboard/lib/match.js';

t.test('what is as usual is left out, and what cannot be read counts as usual', async (t) => {
  const cases: [codecs.Codec<unknown>, unknown, string[]][] = [
    [codecs.text('x') as codecs.Codec<unknown>, 'x', []],
    [codecs.flag() as codecs.Codec<unknown>, false, ['1', 'true', '', 'toString']],
    [codecs.number(5, { least: 0, most: 10, whole: true }) as codecs.Codec<unknown>, 5, ['-1', '11', '1.5', 'NaN', '', ' ']],
    [codecs.choice(['step', 'time']) as codecs.Codec<unknown>, 'step', ['Time', '']],
    [codecs.range() as codecs.Codec<unknown>, null, ['1', '~', '2~1', '1~x', '1~1', 'Infinity~2']],
    [codecs.order(['name'], { by: 'name', descending: true }) as codecs.Codec<unknown>, { by: 'name', descending: true }, ['--name', 'age', '']],
  ];
  for (const [codec, usual, wrong] of cases) {
    t.equal(codec.write(usual), null);
    t.same(codec.read(null), usual);
    for (const text of wrong) t.same(codec.read(text), usual, `"${text}"`);
  }
});

t.test('what was written is read again', async (t) => {
  const there = <T>(codec: codecs.Codec<T>, value: T) => codec.read(codec.write(value));
  fc.assert(fc.property(fc.string(), (value) => there(codecs.text(), value) === value));
  fc.assert(fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), (words) => there(codecs.list(), words).join('\n') === words.join('\n')));
  fc.assert(fc.property(fc.double({ noNaN: true }), (value) => Object.is(there(codecs.number(1), value), value) || (value === 0 && there(codecs.number(1), value) === 0)));
  t.same(there(codecs.range(), [0.5, 1250]), [0.5, 1250]);
  t.same(there(codecs.range(), [-2, -1]), [-2, -1]);
  t.same(there(codecs.order(['a', 'b'], { by: 'a', descending: false }), { by: 'b', descending: true }), { by: 'b', descending: true });
  t.same(codecs.list(['a', 'b']).read('b,c,b,a'), ['b', 'a'], 'each once, and none that is unknown');
});

t.test('addresses are told apart', async (t) => {
  t.same(matchPath('/runs/:id', '/runs/a%20b'), { id: 'a b' });
  t.same(matchPath('/runs', '/runs/'), {});
  t.same(matchPath('/', '/'), {});
  t.equal(matchPath('/runs', '/'), null);
  t.equal(matchPath('/runs/:id', '/runs/1/2'), null);
  t.equal(matchPath('/runs/:id', '/runs/%E0%A4%A'), null, 'broken escapes lead nowhere');
  t.equal(fillPath('/runs/:id', { id: 'a/b' }), '/runs/a%2Fb');
  t.throws(() => fillPath('/runs/:id'), /needs id/);
});
