import fc from 'fast-check';
import t from 'tap';
import { cellOf, csvOf } from '../../../src/ledger/csv.js';
import type { LedgerItem } from '../../../src/schemas/ledger.js';

const sums = { deviceSeconds: 1.5, usefulSeconds: 1, afterBestSeconds: 0, lostSeconds: 0, idleSeconds: 0.5, waitingSeconds: 0, runs: 1 };

/** As RFC 4180 has it. @throws Error where it has not */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) throw new Error(`not CSV: ${text.slice(0, 200)}`);
    rows.at(-1)!.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

t.test('what is written is what is read, and never a formula', async (t) => {
  for (const [text, cell] of Object.entries({ plain: 'plain', 'a,b': '"a,b"', 'a"b': '"a""b"', 'a\nb': '"a\nb"', '=1+1': "'=1+1", '+1': "'+1", '-1': "'-1", '@x': "'@x", '\tx': "'\tx", '\r=x': '"\'\r=x"', '=",': '"\'="","', '': '', 'a=b': 'a=b' })) t.equal(cellOf(text), cell, JSON.stringify(text));
  t.equal(cellOf(-1), '-1', 'a number is one');
  const odd = fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', '"', ',', "'", 'x', ' ')).map((all) => all.join('')));
  fc.assert(fc.property(fc.array(fc.tuple(odd, odd), { minLength: 1, maxLength: 5 }), (names) => {
    const items = names.map(([team, user]): LedgerItem => ({ team, user, ...sums }));
    const [head, ...rows] = parse(csvOf({ by: 'user', items }));
    return head?.length === 9 && rows.length === names.length && rows.every((row, index) => row.length === 9 && row.slice(0, 2).every((cell, column) => {
      const name = names[index]![column]!;
      return !/^[=+\-@\t\r]/.test(cell) && (cell === name || cell === `'${name}`);
    }));
  }), { seed: 4180, numRuns: 500 });
});

t.test('nothing is a line of names', async (t) => {
  t.equal(csvOf({ by: 'day', items: [] }), 'day,deviceSeconds,usefulSeconds,afterBestSeconds,lostSeconds,idleSeconds,waitingSeconds,runs\r\n');
});
