import t from 'tap';
import { allowsRange, isExpected, isFresh } from '../../../src/http/etag.js';
import { negotiate } from '../../../src/http/negotiate.js';
import { parseRange } from '../../../src/http/range.js';
import { createRouteTable } from '../../../src/http/route-table.js';

t.test('one range is read as RFC 9110 means it', async (t) => {
  t.same(parseRange('bytes=0-9', 100), { start: 0, end: 9 });
  t.same(parseRange('bytes=90-', 100), { start: 90, end: 99 }, 'open to the end');
  t.same(parseRange('bytes=-10', 100), { start: 90, end: 99 }, 'the last bytes');
  t.same(parseRange('bytes=-1000', 100), { start: 0, end: 99 }, 'more than there are');
  t.same(parseRange('bytes=50-1000', 100), { start: 50, end: 99 }, 'cut at the end');
  t.same(parseRange('BYTES=0-0', 100), { start: 0, end: 0 }, 'the unit has no case');
  for (const header of ['bytes=100-', 'bytes=100-200', 'bytes=-0']) t.equal(parseRange(header, 100), 'unsatisfiable', header);
  for (const header of [undefined, '', 'bytes=9-0', 'bytes=0-1,5-6', 'lines=0-1', 'bytes=a-b', 'bytes=-', 'bytes= 1-2']) t.equal(parseRange(header, 100), null, `${header} is the whole file`);
  t.equal(parseRange('bytes=0-', 0), 'unsatisfiable', 'an empty file has no range');
});

t.test('entity tags are compared strongly or weakly, as the condition asks', async (t) => {
  t.ok(isFresh('"a"', '"a"'));
  t.ok(isFresh('W/"a"', '"a"'), 'weakly');
  t.ok(isFresh('"x", "a"', '"a"'), 'out of a list');
  t.ok(isFresh('*', '"a"'));
  t.notOk(isFresh('"b"', '"a"'));
  t.notOk(isFresh(undefined, '"a"'));
  t.ok(isExpected(undefined, '"a"'));
  t.ok(isExpected('"x", "a"', '"a"'));
  t.notOk(isExpected('W/"a"', '"a"'), 'strongly');
  t.notOk(isExpected('"b"', '"a"'));
  t.ok(allowsRange(undefined, '"a"'));
  t.ok(allowsRange('"a"', '"a"'));
  t.notOk(allowsRange('Wed, 21 Oct 2015 07:28:00 GMT', '"a"'), 'a date never matches');
});

t.test('the preferred representation is sent', async (t) => {
  const offered = ['application/json', 'text/plain'] as const;
  t.equal(negotiate(undefined, offered), 'application/json');
  t.equal(negotiate('*/*', offered), 'application/json', 'the first when all are alike');
  t.equal(negotiate('text/*', offered), 'text/plain');
  t.equal(negotiate('text/plain;q=0.5, application/json;q=0.4', offered), 'text/plain');
  t.equal(negotiate('*/*;q=0.1, text/plain', offered), 'text/plain');
  t.equal(negotiate('application/json;q=0, */*', offered), 'text/plain', 'the more specific range decides');
  t.equal(negotiate('text/html,application/xhtml+xml,*/*;q=0.8', offered), 'application/json', 'as browsers ask');
  t.throws(() => negotiate('image/png', offered), { code: 'not_acceptable' });
  t.throws(() => negotiate('text/plain;q=0', offered), { code: 'not_acceptable' });
});

t.test('an address knows the methods of its routes', async (t) => {
  const table = createRouteTable();
  table.add('/v1/runs', 'GET');
  table.add('/v1/runs', ['POST', 'HEAD']);
  table.add('/v1/runs::plan', 'POST');
  table.add('/v1/runs/:id', 'DELETE');
  table.add('/v1/files/*', 'GET');
  t.same(table.methodsOf('/v1/runs?limit=1'), ['GET', 'HEAD', 'POST']);
  t.same(table.methodsOf('/v1/runs:plan'), ['POST']);
  t.same(table.methodsOf('/v1/runs/a'), ['DELETE']);
  t.same(table.methodsOf('/v1/runs/a/b'), []);
  t.same(table.methodsOf('/v1/files/a/b.json'), ['GET']);
  t.same(table.methodsOf('/v1/runsXplan'), [], 'the rest of a pattern is literal');
});
