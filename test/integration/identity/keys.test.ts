// Keys: how they are shown, what they may, and when they are good no more.
import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { testDatabase } from '../../helpers/postgres.js';
import { connectDatabase } from '../../../src/db/client.js';
import { migrate } from '../../../src/db/migrate.js';
import { migrationsDir } from '../../../src/paths.js';
import { seedDatabase } from '../../../src/db/seed.js';
import { ensureFirstKey } from '../../../src/identity/first-key.js';
import { createFailureLimit } from '../../../src/identity/failure-limit.js';
import { parseToken } from '../../../src/identity/token.js';
import type { ApiKey, AuditEntry, CreatedApiKey } from '../../../src/schemas/identity.js';
import type { Problem } from '../../../src/schemas/problem.js';
import { testLog } from '../../helpers/config.js';
import { TEST_KEY, WITH_KEY } from '../../helpers/key.js';
import { until } from '../../helpers/poll.js';
import { openEvents } from '../../helpers/event-stream.js';
import { connectLive } from '../../helpers/client.js';
import { bearer, identityPlace } from './place.js';

t.test('a forged, an expired and a revoked key are nobody', async (t) => {
  const { ask, done, join } = await identityPlace(t);
  const { key, id } = await join('default', 'ann', 'member');
  t.match(key, new RegExp(`^ty_${id}_[0-9a-f]{48}$`));
  t.equal((await ask('GET', '/v1/me', { key })).status, 200);

  const forged = {
    'a wrong secret': `ty_${id}_${'0'.repeat(48)}`,
    'one wrong digit': `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`,
    'an unknown id': `ty_${'0'.repeat(16)}_${key.slice(-48)}`,
    'another kind': key.replace('ty_', 'tyl_'),
    'a session as a key': key.replace('ty_', 'tys_'),
    'capitals': key.toUpperCase(),
    'no secret': `ty_${id}`,
    'SQL': `ty_${id}' OR '1'='1`,
  };
  for (const [what, text] of Object.entries(forged)) {
    const answer = await ask<Problem>('GET', '/v1/me', { key: text });
    t.match(answer, { status: 401, headers: { 'www-authenticate': /^Bearer/ }, body: { code: 'unauthorized' } }, what);
    t.notMatch(JSON.stringify(answer.body), text.slice(-20), 'it is not repeated');
  }
  t.match(await ask('GET', '/v1/me', { key: null, headers: { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` } }), { status: 401 });
  t.match(await ask('GET', `/v1/me?ticket=${key}`, { key: null }), { status: 401 }, 'a key has no place in an address');

  const brief = await join('default', 'bob', 'member', { expiresInDays: 1 });
  t.equal((await ask('GET', '/v1/me', { key: brief.key })).status, 200);
  t.match((await ask('GET', '/v1/me', { key: brief.key })).body, { expiresAt: brief.expiresAt });
  const soon = await join('default', 'bob', 'member', { expiresInDays: 1 / 24 / 3600 / 4 });
  await until(async () => (await ask('GET', '/v1/me', { key: soon.key })).status === 401, { what: 'a key of a quarter of a second to expire' });

  await done('DELETE', `/v1/keys/${id}`);
  t.equal((await ask('GET', '/v1/me', { key })).status, 401, 'revoked');
  t.equal((await ask('DELETE', `/v1/keys/${id}`)).status, 204, 'again does no harm');
  const { body } = await ask<{ items: ApiKey[] }>('GET', '/v1/keys');
  t.match(body.items.find((one) => one.id === id), { user: 'ann', scopes: ['read', 'write'], revokedAt: /^20/ });
  t.notMatch(JSON.stringify(body), key.slice(-48), 'no list shows a secret');
});

t.test('a key can do no more, and lasts no longer, than whoever makes it', async (t) => {
  const { ask, done, join } = await identityPlace(t);
  const admin = await join('default', 'ann', 'admin', { scopes: ['read', 'manage'], expiresInDays: 10 });
  const make = (key: string, json: object) => ask<CreatedApiKey & Problem>('POST', '/v1/keys', { key, json: { name: 'made', ...json } });

  t.match(await make(admin.key, { scopes: ['read', 'write', 'operate'] }), { status: 422, body: { code: 'impossible_key', errors: [{ pointer: '/scopes/1' }, { pointer: '/scopes/2' }] } }, 'her key may not write, and she does not run the service');
  t.match(await make(admin.key, { expiresInDays: 11 }), { status: 422, body: { errors: [{ pointer: '/expiresInDays' }] } });
  t.match((await make(admin.key, {})).body, { user: 'ann', scopes: ['read', 'manage'], expiresAt: admin.expiresAt }, 'what is not said is as much as there is');
  t.match(await make(admin.key, { user: 'admin', scopes: ['read'] }), { status: 403, body: { code: 'forbidden' } }, 'nor anything by the name of one who does');
  const part = await join('default', 'olga', 'admin', {});
  await done('PATCH', '/v1/users/olga', { operator: true });
  const restricted = await done<CreatedApiKey>('POST', '/v1/keys', { name: 'part', user: 'olga', scopes: ['read', 'operate'] });
  t.match(await make(restricted.key, { scopes: ['read', 'write'] }), { status: 422, body: { errors: [{ pointer: '/scopes/1' }] } }, 'a part of an operator makes no whole one');
  t.match((await make(restricted.key, {})).body, { scopes: ['read', 'operate'], createdBy: `olga by ${restricted.id}` }, 'and each says what made it');
  t.equal((await ask('GET', '/v1/me', { key: part.key })).status, 200);

  const viewer = await join('default', 'vera', 'viewer');
  t.match(await make(viewer.key, {}), { status: 201, body: { user: 'vera', scopes: ['read'] } }, 'everybody makes keys of their own');
  t.equal((await make(viewer.key, { user: 'ann' })).status, 403, 'but not of others');
  t.equal((await make(viewer.key, { team: 'elsewhere' })).status, 404);
  t.equal((await ask('DELETE', `/v1/keys/${admin.id}`, { key: viewer.key })).status, 404, 'nor revokes them');
  t.equal((await ask<{ items: ApiKey[] }>('GET', '/v1/keys', { key: viewer.key })).body.items.every(({ user }) => user === 'vera'), true, 'nor sees them');
});

t.test('who leaves a team, or is demoted, has at once no more than that', async (t) => {
  const { ask, done, join } = await identityPlace(t);
  const { key } = await join('default', 'ann', 'member');
  t.equal((await ask('POST', '/v1/users', { key, json: { name: 'x' } })).status, 403);
  t.same((await ask<{ rights: string[] }>('GET', '/v1/me', { key })).body.rights, ['view', 'read', 'write']);
  await done('PUT', '/v1/teams/default/members/ann', { role: 'viewer' });
  t.same((await ask<{ rights: string[] }>('GET', '/v1/me', { key })).body.rights, ['view', 'read']);
  await done('DELETE', '/v1/teams/default/members/ann');
  t.equal((await ask('GET', '/v1/me', { key })).status, 401);
  t.match((await ask('GET', '/v1/users')).body, { items: [{ name: 'admin' }, { name: 'ann', teams: [] }] });
  await done('DELETE', '/v1/users/ann');
  t.match(await ask('DELETE', '/v1/users/admin'), { status: 409, body: { code: 'last_operator' } });
  t.match(await ask('PATCH', '/v1/users/admin', { json: { operator: false } }), { status: 409 });
});

t.test('who manages a team is not above who runs the service', async (t) => {
  const { ask, join } = await identityPlace(t);
  const { key } = await join('default', 'mallory', 'admin');
  const operator = parseToken(TEST_KEY)?.id ?? '';
  t.match(await ask('PUT', '/v1/teams/default/members/admin', { key, json: { role: 'viewer' } }), { status: 403, body: { code: 'forbidden' } });
  t.equal((await ask('DELETE', '/v1/teams/default/members/admin', { key })).status, 403);
  t.equal((await ask('DELETE', `/v1/keys/${operator}`, { key })).status, 403);
  t.equal((await ask('PUT', '/v1/teams/default/members/mallory', { key, json: { role: 'member' } })).status, 200, 'but may step down');
});

t.test('teams', async (t) => {
  const { ask, done, join, submit } = await identityPlace(t);
  t.match(await ask('POST', '/v1/teams', { json: { name: 'vision' } }), { status: 201, headers: { location: '/v1/teams/vision' }, body: { name: 'vision', members: 0 } });
  t.match(await ask('POST', '/v1/teams', { json: { name: 'vision' } }), { status: 409, body: { code: 'name_taken' } });
  t.match(await ask('POST', '/v1/teams', { json: { name: 'Two Words' } }), { status: 400, body: { errors: [{ pointer: '/name' }] } });
  const { key } = await join('vision', 'ann', 'admin');
  const run = await submit(key);
  t.match(run, { team: 'vision', user: 'ann' });
  t.match((await ask('GET', '/v1/teams', { key })).body, { items: [{ name: 'vision', members: 1 }] }, 'another team is not seen');
  t.match((await ask('GET', '/v1/teams')).body, { items: [{ name: 'default' }, { name: 'vision' }] });
  t.match(await ask('DELETE', '/v1/teams/vision'), { status: 409, body: { code: 'team_in_use' } });
  await done('POST', `/v1/runs/${run.id}/cancel`, undefined, key);
  await done('DELETE', `/v1/runs/${run.id}`, undefined, key);
  await done('DELETE', '/v1/teams/vision');
  t.equal((await ask('GET', '/v1/me', { key })).status, 401, 'its keys are gone with it');
  t.match(await ask('DELETE', '/v1/teams/default'), { status: 409, body: { code: 'team_in_use' } }, 'nobody saws off the branch that all sit on');
});

t.test('what is open closes when its key is revoked', async (t) => {
  const place = await identityPlace(t);
  const { done, join, submit } = place;
  const { key, id } = await join('default', 'ann', 'member');
  const run = await submit();
  const address = await place.listen();
  const mine = await connectLive(t, address, { headers: bearer(key) });
  const others = await connectLive(t, address);
  const stream = await openEvents(t, `${address}/v1/runs/${run.id}/events`, bearer(key));
  for (const one of [mine, others]) one.send({ type: 'subscribe', runId: run.id, after: 0 });
  await until(() => mine.events(run.id).length === 1 && others.events(run.id).length === 1 && stream.parser.seqs.length === 1, { what: 'the first event' });
  const { id: share } = await done<{ id: string }>('POST', `/v1/runs/${run.id}/shares`, { team: (await done<{ name: string }>('POST', '/v1/teams', { name: 'vision' })).name });
  const theirs = bearer((await join('vision', 'bob', 'viewer')).key);
  const guest = await connectLive(t, address, { headers: theirs });
  const guestStream = await openEvents(t, `${address}/v1/runs/${run.id}/events`, theirs);
  guest.send({ type: 'subscribe', runId: run.id, after: 0 });
  await until(() => guest.events(run.id).length === 1 && guestStream.parser.seqs.length === 1, { what: 'the first event of a shared run' });
  await done('DELETE', `/v1/runs/${run.id}/shares/${share}`);
  t.match(await guest.closed, { code: 1008, reason: /shared no more/ }, 'what is shared no more is seen no more');
  t.equal(await guestStream.ended, true);
  t.equal((await openEvents(t, `${address}/v1/runs/${run.id}/events`, theirs)).status, 404);

  await done('DELETE', `/v1/keys/${id}`);
  t.match(await mine.closed, { code: 1008, reason: /no more/ });
  t.equal(await stream.ended, true);
  t.equal(stream.parser.named('end').length, 0, 'the run has not ended');
  others.send({ type: 'ping' });
  await until(() => others.messages.some(({ type }) => type === 'pong'), { what: 'the other to be as it was' });
});

t.test('rates are counted by key, and told', async (t) => {
  const { ask, join } = await identityPlace(t, { rateLimit: 5 });
  const { key } = await join('default', 'ann', 'member');
  const answers = [];
  for (let count = 0; count < 6; count += 1) answers.push(await ask<Problem>('GET', '/v1/me', { key }));
  t.match(answers[0], { status: 200, headers: { 'ratelimit-limit': '5', 'ratelimit-remaining': '4', 'ratelimit-reset': /^\d+$/ } });
  t.match(answers[5], { status: 429, headers: { 'retry-after': /^\d+$/ }, body: { code: 'rate_limited' } });
  t.equal((await ask('GET', '/healthz', { key: null })).status, 200, 'probes are not counted');
  t.equal((await ask('POST', '/v1/session', { key: null, json: { key } })).status, 201);
});

t.test('what was done, and by whom', async (t) => {
  const { ask, done, join, submit } = await identityPlace(t);
  const { key, id } = await join('default', 'ann', 'member');
  const run = await submit(key);
  await ask('POST', '/v1/users', { key, json: { name: 'x' } });
  await ask('GET', `/v1/runs/${run.id}`, { key });
  const about = async (query = '') => (await done<{ items: AuditEntry[]; nextCursor: string | null }>('GET', `/v1/audit${query}`));
  await until(async () => (await about()).items.some(({ action }) => action === 'createUser'), { what: 'the last to be noted' });
  const { items } = await about();
  const mine = items.filter(({ actor }) => actor === 'ann');
  t.match(mine, [{ action: 'createUser', status: 403, target: '/v1/users', keyId: id }, { action: 'createRun', status: 202, team: 'default', target: '/v1/runs', address: '127.0.0.1' }]);
  t.equal(mine.length, 2, 'reading is not noted');
  const noted = items.length;
  for (const nobody of [null, `ty_${'0'.repeat(16)}_${'0'.repeat(48)}`]) await ask('POST', '/v1/users', { key: nobody, json: { name: 'x' } });
  t.equal((await about()).items.length, noted, 'nor what nobody asks for, to which there is no end');
  await done('POST', '/v1/teams', { name: 'vision' });
  await done('PUT', '/v1/teams/vision/members/ann', { role: 'viewer' });
  t.match((await about()).items.slice(0, 2), [{ action: 'putMember', team: 'vision', actor: 'admin' }, { action: 'createTeam', team: null, target: '/v1/teams/vision' }], 'it belongs to the team that it is about');
  t.notMatch(JSON.stringify(items), key.slice(-48));
  const all = (await about()).items;
  const first = await about('?limit=1');
  t.match((await about(`?limit=1&cursor=${first.nextCursor}`)).items, [{ id: all[1]?.id }]);
  t.equal((await ask('GET', '/v1/audit', { key })).status, 403);
  const { key: admin } = await join('default', 'adam', 'admin');
  t.equal((await ask('GET', '/v1/audit?team=elsewhere', { key: admin })).status, 404);
});

t.test('whoever goes before the answer is noted as well', async (t) => {
  const place = await identityPlace(t);
  const { id } = await place.submit();
  const address = await place.listen();
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`POST /v1/runs/${id}/cancel HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${TEST_KEY}\r\n\r\n`, () => socket.destroy());
  await until(async () => (await place.done<{ state: string }>('GET', `/v1/runs/${id}`)).state === 'cancelled', { what: 'the run to be cancelled' });
  await until(async () => (await place.done<{ items: AuditEntry[] }>('GET', '/v1/audit')).items.some(({ action, status }) => action === 'cancelRun' && status === 202), { what: 'that to be noted' });
});

t.test('wrong keys cost those who send them', (t) => {
  let now = 0;
  const failures = createFailureLimit({ max: 3, now: () => now });
  for (let count = 0; count < 3; count += 1) {
    t.doesNotThrow(() => failures.check('here'));
    failures.count('here');
  }
  t.throws(() => failures.check('here'), { code: 'rate_limited' });
  t.doesNotThrow(() => failures.check('there'));
  now = 60_000;
  t.doesNotThrow(() => failures.check('here'), 'for a minute');
  t.end();
});

t.test('the first start makes a key, and only the first', async (t) => {
  const { url } = await testDatabase(t);
  await migrate({ url, dir: migrationsDir, log: testLog() });
  const database = connectDatabase({ url, maxConnections: 4 });
  t.teardown(() => database.$disconnect());
  const teamId = await seedDatabase(database, []);
  const keys = await Promise.all([1, 2, 3].map(() => ensureFirstKey(database, { teamId, given: { key: null, name: 'settings' } })));
  t.equal(keys.filter((key) => key !== null).length, 1, 'of three processes that start at once, one shows it');
  t.equal(await ensureFirstKey(database, { teamId, given: { key: null, name: 'settings' } }), null);
  t.equal(await ensureFirstKey(database, { teamId, given: { key: TEST_KEY, name: 'settings' } }), null, 'one from the settings need not be shown');
  const another = TEST_KEY.replaceAll('0', 'f');
  await ensureFirstKey(database, { teamId, given: { key: another, name: 'settings' } });
  t.match(await database.apiKey.findUnique({ where: { id: parseToken(TEST_KEY)?.id ?? '' } }), { revokedAt: Date }, 'the one that the settings had before is good no more');
  await ensureFirstKey(database, { teamId, given: { key: TEST_KEY.replaceAll('0', 'e'), name: 'demo' } });
  t.match(await database.apiKey.findUnique({ where: { id: parseToken(another)?.id ?? '' } }), { revokedAt: null }, 'one of another name does it no harm');
  await database.apiKey.updateMany({ data: { revokedAt: new Date() } });
  t.match(await ensureFirstKey(database, { teamId, given: { key: null, name: 'settings' } }), /^ty_/, 'whoever has the machine is never locked out');
  const [stored] = await database.apiKey.findMany();
  t.match(stored?.secretHash, /^[0-9a-f]{64}$/);
});

t.test('without authentication everybody may use the service, and nothing of that stays', async (t) => {
  const { ask } = await identityPlace(t, { auth: false });
  t.match((await ask('GET', '/v1/me', { key: null })).body, { user: 'admin', rights: ['view', 'read', 'write'] });
  t.match(await ask('POST', '/v1/keys', { key: null, json: { name: 'back door' } }), { status: 403, body: { code: 'forbidden' } });
  t.match(await ask('GET', '/v1/session', { key: null }), { status: 200, body: { csrfToken: null } });
  t.equal((await ask('GET', '/v1/me', { headers: WITH_KEY })).status, 200, 'a key does no harm');
});
