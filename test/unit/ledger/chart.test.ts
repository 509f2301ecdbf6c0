import fc from 'fast-check';
import t from 'tap';
import { chartOf, duration } from '../../../src/ledger/chart.js';
import { totalOf } from '../../../src/ledger/account.js';
import type { Ledger, LedgerItem } from '../../../src/schemas/ledger.js';

const zero = { deviceSeconds: 0, usefulSeconds: 0, afterBestSeconds: 0, lostSeconds: 0, idleSeconds: 0, waitingSeconds: 0, runs: 0 };
const held = (usefulSeconds: number, lostSeconds = 0) => ({ ...zero, deviceSeconds: usefulSeconds + lostSeconds, usefulSeconds, lostSeconds, runs: 1 });
const ledger = (items: LedgerItem[], by: Ledger['by'] = 'run'): Ledger => ({ from: '2026-11-01T00:00:00.000Z', to: '2026-11-08T00:00:00.000Z', by, items, nextCursor: null, total: { ...totalOf(items), runs: items.length } });

/** Names of the elements, each of which is closed where it should be; texts and values are free of what XML has not. @throws Error */
function elementsOf(text: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  const token = /<(\/?)([a-z]+)((?: [a-z-]+="[^"<]*")*)(\/?)>|([^<]+)/gy;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw new Error(`not XML: ${text.slice(at, at + 100)}`);
    const [, closing, name = '', attributes = '', empty, words = ''] = match;
    // eslint-disable-next-line no-control-regex
    if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}|&(?!(amp|lt|gt|quot|apos);)/u.test(attributes + words)) throw new Error(`not for XML: ${attributes}${words}`);
    if (words !== '') continue;
    if (closing === '/') {
      if (open.pop() !== name) throw new Error(`${name} is closed, and is not the last that was opened`);
      continue;
    }
    names.push(name);
    if (empty !== '/') open.push(name);
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(', ')}`);
  return names;
}

t.test('it is well-formed, whatever a run is called', async (t) => {
  t.throws(() => elementsOf('<svg><g></svg></g>'), 'the test sees what is not');
  t.throws(() => elementsOf('<svg>a & b</svg>'));
  const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('</svg><script>alert(1)</script>', '"><image href="http://x"/>', ']]>', '&amp;', '\u0000\u001b\ufffe', '\ud83d', "'"), fc.array(fc.constantFrom('\ud83d', '\ude82', '<', '&', 'x')).map((all) => all.join('')));
  fc.assert(fc.property(fc.array(fc.record({ run: name, useful: fc.nat(1e6), lost: fc.nat(1e6) }), { maxLength: 40 }), (runs) => {
    const names = elementsOf(chartOf(ledger(runs.map(({ run, useful, lost }) => ({ run, ...held(useful, lost) })))));
    return names.every((element) => ['svg', 'title', 'style', 'rect', 'text', 'g'].includes(element));
  }), { seed: 42, numRuns: 200 });
});

t.test('a bar is as long as what was held, and its parts lie side by side', async (t) => {
  const svg = chartOf(ledger([{ team: 'vision', ...held(6000, 2000) }, { team: 'speech', ...held(2000) }], 'team'));
  const rects = [...svg.matchAll(/<rect class="(useful|lost)" x="([\d.]+%)" y="(\d+)" width="([\d.]+%)"/g)].map(([, ...parts]) => parts);
  t.same(rects, [['useful', '0%', '138', '75%'], ['lost', '75%', '138', '25%'], ['useful', '0%', '182', '25%']]);
  t.match(svg, 'Device time by team');
  t.match(svg, '2026-11-01 00:00 – 2026-11-08 00:00 UTC');
  t.match(svg, 'useful 80%', 'the legend says how much of all it is');
  t.match(svg, '>2.2 h<');
  t.notMatch(svg, /href|url\(|@import|<script/, 'it needs nothing else');
});

t.test('those that held the least are one bar; days are not', async (t) => {
  const many = Array.from({ length: 100 }, (_, index): LedgerItem => ({ run: `run ${index}`, ...held(1000 - index) }));
  const svg = chartOf(ledger(many));
  t.match(svg, '71 more');
  t.equal(svg.match(/<g>/g)?.length, 30);
  const days = Array.from({ length: 100 }, (_, index): LedgerItem => ({ day: new Date(index * 86_400_000).toISOString().slice(0, 10), ...held(index) }));
  t.equal(chartOf(ledger(days, 'day')).match(/<g>/g)?.length, 100);
});

t.test('nothing, and somebody whom nobody knows', async (t) => {
  t.match(chartOf(ledger([])), 'Nothing was held.');
  t.match(chartOf(ledger([{ team: 'vision', user: null, ...held(1) }], 'user')), 'somebody of vision');
  t.match(chartOf(ledger([{ team: 'vision', user: 'ann', ...held(1) }], 'user')), '>ann<');
  t.match(chartOf(ledger([{ team: 'vision', user: 'ann', ...held(1) }, { team: 'speech', user: 'ann', ...held(1) }], 'user')), '>ann of speech<', 'where several teams are asked for');
  t.match(chartOf(ledger([{ box: 'a', deviceKind: 'gpu', ...zero, waitingSeconds: 30 }], 'box')), /a, gpu<.*0 s, waited 30 s/s);
  t.match(chartOf(ledger([{ run: 'x'.repeat(27), ...held(1) }])), `>${'x'.repeat(25)}…<`);
});

t.test('times are told in the unit that fits', async (t) => {
  t.same([0, 0.04, 2.25, 59.4, 61, 3599, 3600, 36_000, 3.6e6].map(duration), ['0 s', '0 s', '2.3 s', '59 s', '1 min', '60 min', '1.0 h', '10 h', '1000 h']);
});
