// Who sees which part of the ledger, with keys, roles and teams of a real database.
import t from 'tap';
import { connectDatabase } from '../../../src/db/client.js';
import type { Ledger } from '../../../src/schemas/ledger.js';
import { MINUTE_MS, rowOf, runIdOf, use, ZERO } from '../../fixtures/device-uses.js';
import { identityPlace } from '../identity/place.js';

t.test('a team sees its own, also what is left of runs that are gone', async (t) => {
  const place = await identityPlace(t);
  const database = connectDatabase({ url: place.url, maxConnections: 1 });
  t.teardown(() => database.$disconnect());
  await place.done('POST', '/v1/teams', { name: 'vision' });
  const { key } = await place.join('vision', 'ann', 'viewer');
  const { key: admin } = await place.join('vision', 'eve', 'admin');
  const teams = new Map((await database.team.findMany()).map(({ name, id }) => [name, id]));
  /** An hour and a half ago. */
  const start = Math.round((Date.now() - ZERO) / MINUTE_MS) - 90;
  const uses = [
    use({ runId: runIdOf(1), start, end: start + 60, endedAs: 'failed', user: 'admin', teamId: teams.get('default')! }),
    use({ runId: runIdOf(2), start, end: start + 30, endedAs: 'failed', user: 'ann', teamId: teams.get('vision')!, team: 'vision' }),
    use({ runId: runIdOf(3), start, end: start + 15, endedAs: 'failed', user: 'bob', teamId: runIdOf(99), team: 'gone' }),
  ];
  await database.deviceUse.createMany({ data: uses.map(rowOf) });
  const ask = (query: string, as?: string) => place.ask<Ledger>('GET', `/v1/ledger?${query}`, as === undefined ? {} : { key: as });
  const asked = async (query: string, as?: string) => (await ask(query, as)).body.items.map(({ team, user, deviceSeconds }) => [team, user, deviceSeconds]);

  t.same(await asked('by=user', key), [['vision', 'ann', 1800]]);
  t.same(await asked('by=user'), [['default', 'admin', 3600]]);
  for (const team of ['default', 'all', 'gone']) t.equal((await ask(`team=${team}`, admin)).status, 404, `${team} is not there for an admin of another team`);
  t.same(await asked('by=user&team=all'), [['default', 'admin', 3600], ['vision', 'ann', 1800], ['gone', 'bob', 900]], 'for who runs the service all are, also a team that is gone');
  t.same(await asked('by=user&team=gone'), [['gone', 'bob', 900]]);
  t.equal((await place.ask('GET', '/v1/ledger?team=never')).status, 404);
  t.equal((await place.ask('GET', '/v1/ledger?by=run&team=vision')).status, 403, 'their runs are not');
  t.equal((await place.ask('GET', '/v1/ledger?by=run&format=csv')).status, 200);
});
