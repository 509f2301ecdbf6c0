// Texts that PostgreSQL refuses, made into ones that it takes.
import fc from 'fast-check';
import t from 'tap';
import { storable, storableText } from '../../../src/db/storable-text.js';

t.test('NUL and halves of surrogate pairs are replaced, at any depth; all else stays', (t) => {
  t.equal(storableText('a\0b'), 'a\ufffdb');
  t.equal(storableText('\u{1f600}'), '\u{1f600}', 'a whole pair stays');
  t.same(storable({ lines: ['x\0', '\ud83d'], loss: 1 }), { lines: ['x\ufffd', '\ufffd'], loss: 1 });
  const innocent = { text: String.raw`\u0000 \ud800` };
  t.same(storable(innocent), innocent, 'text that only looks like an escape stays');
  t.end();
});

t.test('whatever the text, what is stored is well-formed, without NUL, and as long', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0, max: 9 }), (text, cut) => {
      const { stored } = storable({ stored: text.slice(cut) });
      return !/\0|\p{Surrogate}/u.test(stored) && stored.length === text.slice(cut).length && storableText(stored) === stored;
    }),
  );
  t.pass('on all examples');
  t.end();
});
