// Which errors mean that the database is away, and may be tried again, and which that a statement was wrong.
import t from 'tap';
import { isDatabaseAway } from '../../../src/db/client.js';

const withCode = (code: string, message = 'failed') => Object.assign(new Error(message), { code });

t.test('lost, refused and restarting databases are away', async (t) => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '08006', '53300', 'P1001', 'P2024']) t.ok(isDatabaseAway(withCode(code)), code);
  t.ok(isDatabaseAway(Object.assign(new Error('no'), { code: 'ENOENT', syscall: 'connect' })), 'a socket that is not there');
  t.ok(isDatabaseAway(new Error('outer', { cause: withCode('57P01') })), 'the cause counts');
  const prisma = Object.assign(withCode('P2039', 'Database error'), { meta: { driverAdapterError: { cause: { originalCode: '57P01' } } } });
  t.ok(isDatabaseAway(prisma), "the code inside Prisma's adapter counts");
  for (const kind of ['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout']) {
    const raw = Object.assign(withCode('P2010', 'Raw query failed. Code: `N/A`. Message: `…`'), { meta: { driverAdapterError: Object.assign(new Error(kind), { cause: { kind } }) } });
    t.ok(isDatabaseAway(raw), `a raw query's ${kind}`);
  }
  t.ok(isDatabaseAway(new Error('terminating connection due to unexpected postmaster exit')), 'words without a code count');
  t.ok(isDatabaseAway(new Error('the database system is not yet accepting connections')));
});

t.test('a wrong statement, a missing file and a bug are not', async (t) => {
  for (const code of ['23505', '22P02', '42P01', 'P2002', 'ENOENT', 'ENOSPC']) t.notOk(isDatabaseAway(withCode(code)), code);
  t.notOk(isDatabaseAway(Object.assign(withCode('P2010'), { meta: { driverAdapterError: { cause: { kind: 'postgres', originalCode: '22P02' } } } })));
  t.notOk(isDatabaseAway(new TypeError('x is not a function')));
  t.notOk(isDatabaseAway(undefined));
});
