// Every route, with every role, on one's own and on another team's things. The list of routes is the API's own
// document: a new one without a rule here, or without a rule in the code, fails.
import t from 'tap';
import type { RunCurvesList } from '../../../src/schemas/metric.js';
import type { Problem } from '../../../src/schemas/problem.js';
import { SPEC } from '../workers/harness.js';
import { identityPlace, type Place } from './place.js';

type Right = 'public' | 'view' | 'read' | 'write' | 'manage' | 'operate';

/** Written down a second time, so that no slip in the code is taken for the rule. */
const RULES: Record<string, Right> = {
  getLiveness: 'public', getReadiness: 'public', createSession: 'public', getSession: 'public', getProblemType: 'public',
  getIdentity: 'view', deleteSession: 'view', createTicket: 'view',
  getRun: 'view', getModelSummary: 'view', getMetrics: 'view', getMetricsOfRuns: 'view', getEvaluations: 'view', listLogs: 'view', listEvents: 'view', live: 'view',
  listArtifacts: 'view', downloadArtifact: 'view', predict: 'view', listDatasets: 'view', getDataset: 'view', getDatasetImages: 'view',
  listRuns: 'read', planRun: 'read', listRecipes: 'read', getRecipe: 'read', listDevices: 'read', listBoxes: 'read', getBox: 'read', getQueue: 'read', getRunOutlook: 'read', getUsage: 'read', getLedger: 'read',
  listShares: 'read', listKeys: 'read', createKey: 'read', revokeKey: 'read', listTeams: 'read', getTeam: 'read', listMembers: 'read',
  createRun: 'write', cancelRun: 'write', pauseRun: 'write', resumeRun: 'write', extendRun: 'write', updateRun: 'write', moveRun: 'write', deleteRun: 'write',
  deleteArtifacts: 'write', shareRun: 'write', unshareRun: 'write',
  putMember: 'manage', removeMember: 'manage', listAudit: 'manage',
  createTeam: 'operate', updateTeam: 'operate', createBox: 'operate', updateBox: 'operate', deleteBox: 'operate', deleteTeam: 'operate', listUsers: 'operate', createUser: 'operate', updateUser: 'operate', deleteUser: 'operate',
};

const ROLES: Record<string, readonly Right[]> = {
  nobody: ['public'],
  link: ['public', 'view'],
  viewer: ['public', 'view', 'read'],
  member: ['public', 'view', 'read', 'write'],
  admin: ['public', 'view', 'read', 'write', 'manage'],
  operator: ['public', 'view', 'read', 'write', 'manage', 'operate'],
};

const BODIES: Record<string, object> = {
  createSession: { key: `ty_${'0'.repeat(16)}_${'0'.repeat(48)}` }, createRun: SPEC, planRun: SPEC, extendRun: { epochs: 1 }, updateRun: {}, predict: { instances: [[0]] },
  shareRun: { expiresInDays: 1 }, createKey: { name: 'a key' }, putMember: { role: 'viewer' }, createTeam: { name: 'new-team' }, updateTeam: { weight: 2 }, moveRun: { before: '01890000-0000-7000-8000-00000000ffff' }, createBox: { name: 'new-box' }, updateBox: { phase: 'cordoned' }, createUser: { name: 'new-user' }, updateUser: { operator: false },
};

interface Things {
  run: string;
  team: string;
  key: string;
  share: string;
  user: string;
}

interface Operation {
  id: string;
  method: string;
  path: string;
  security: Record<string, string[]>[];
  hasBody: boolean;
}

function operationsOf({ document }: Place): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const { operationId = '', security = [], requestBody } = operation as typeof operation & { security?: Operation['security']; requestBody?: unknown };
      return { id: operationId, method: method.toUpperCase(), path, security, hasBody: requestBody !== undefined };
    }));
}

/** What one team has; each is used up by one role at most. */
async function thingsOf({ done, join, submit }: Place, team: string, member: string, key: string): Promise<Things> {
  const { id: run } = await submit(key);
  const { id: share } = await done<{ id: string }>('POST', `/v1/runs/${run}/shares`, {}, key);
  const { id } = await join(team, member, 'viewer');
  return { run, team, key: id, share, user: member };
}

const addressOf = ({ path, id }: Operation, { run, team, key, share, user }: Things) =>
  path.replace('{path}', 'model/model.json').replace('{team}', team).replace('{share}', share).replace('{user}', user).replace('{name}', 'mnist').replace('{code}', 'not_found').replace('{box}', 'new-box').replace('{id}', id === 'revokeKey' ? key : run);

t.test('each route asks for the right that it should, of each role', async (t) => {
  const place = await identityPlace(t);
  const operations = operationsOf(place);
  t.same(operations.filter(({ id }) => RULES[id] === undefined).map(({ id }) => id), [], 'every operation has its rule here');
  t.same(Object.keys(RULES).filter((id) => !operations.some((operation) => operation.id === id)), [], 'and every rule its operation');
  for (const { id, security } of operations) t.equal(security[0]?.key?.[0] ?? 'public', RULES[id], `${id} is documented so`);
  t.same(operations.filter(({ id, hasBody }) => hasBody && BODIES[id] === undefined).map(({ id }) => id), [], 'every body has an example here');

  await place.done('POST', '/v1/teams', { name: 'others' });
  const { key: theirKey } = await place.join('others', 'their-admin', 'admin');
  const keys: Record<string, string | null> = { nobody: null, operator: (await place.join('default', 'an-operator', 'admin')).key };
  await place.done('PATCH', '/v1/users/an-operator', { operator: true });
  keys.operator = (await place.join('default', 'an-operator', 'admin')).key;
  for (const role of ['viewer', 'member', 'admin'] as const) keys[role] = (await place.join('default', `a-${role}`, role)).key;

  for (const [role, rights] of Object.entries(ROLES)) {
    const own = await thingsOf(place, 'default', `for-${role}`, String(keys.operator));
    const others = await thingsOf(place, 'others', `theirs-for-${role}`, theirKey);
    const { link } = await place.done<{ link: string }>('POST', `/v1/runs/${own.run}/shares`, {});
    const key = role === 'link' ? link : (keys[role] ?? null);
    for (const operation of operations) {
      // It answers with a stream of its own; see sessions.test.ts.
      if (operation.id === 'live') continue;
      const right = RULES[operation.id] ?? 'public';
      const json = operation.hasBody ? BODIES[operation.id] : undefined;
      const ask = (things: Things) => place.ask<Problem>(operation.method, addressOf(operation, things), { key, ...(json === undefined ? {} : { json }) });
      const what = `${role}: ${operation.id}`;
      const isOfATeam = /\{(id|team)\}/.test(operation.path);
      const [theirs, ours] = [isOfATeam ? await ask(others) : null, await ask(own)];
      for (const answer of theirs === null ? [ours] : [ours, theirs]) {
        if (rights.includes(right)) continue;
        t.match({ status: answer.status, code: answer.body.code }, role === 'nobody' ? { status: 401, code: 'unauthorized' } : { status: 403, code: 'forbidden' }, `${what} is refused`);
      }
      if (!rights.includes(right)) continue;
      t.notOk([401, 403].includes(ours.status) && operation.id !== 'createSession', `${what} is allowed (${ours.status})`);
      t.ok(ours.status < 500, `${what} does not fail (${ours.status})`);
      const reachesAll = role === 'operator' && /\/v1\/(teams|keys)/.test(operation.path);
      if (theirs !== null && !reachesAll) t.equal(theirs.status, 404, `${what}: another team's is not there`);
    }
  }
});

t.test('with another team that a run was shared with', async (t) => {
  const { ask, done, join, submit } = await identityPlace(t);
  await done('POST', '/v1/teams', { name: 'vision' });
  const { key } = await join('vision', 'ann', 'admin');
  const [shared, other] = [await submit(), await submit()];
  const { id: share } = await done<{ id: string }>('POST', `/v1/runs/${shared.id}/shares`, { team: 'vision' });
  t.match((await ask('GET', `/v1/runs/${shared.id}`, { key })).body, { id: shared.id, team: 'default', user: 'admin' });
  t.equal((await ask('GET', `/v1/runs/${other.id}`, { key })).status, 404, 'no other run');
  t.match((await ask('GET', '/v1/runs?shared=true', { key })).body, { items: [{ id: shared.id }] });
  t.match((await ask('GET', '/v1/runs', { key })).body, { items: [] }, 'it is not among the own');
  for (const path of ['events', 'metrics', 'evaluations', 'logs', 'artifacts', 'model']) t.equal((await ask('GET', `/v1/runs/${shared.id}/${path}`, { key })).status, 200, path);
  const curves = `/v1/metrics?key=batch/loss&runId=${other.id}&runId=${shared.id}`;
  t.match((await ask<RunCurvesList>('GET', curves, { key })).body.items, [{ runId: shared.id }], 'curves of several are of those that one may see');
  for (const action of ['cancel', 'pause', 'resume']) t.equal((await ask('POST', `/v1/runs/${shared.id}/${action}`, { key })).status, 404, `nobody else can ${action} it`);
  t.equal((await ask('POST', `/v1/runs/${shared.id}/shares`, { key, json: {} })).status, 404, 'or share it on');
  t.equal((await ask('GET', `/v1/runs/${shared.id}/shares`, { key })).status, 404);
  await done('DELETE', `/v1/runs/${shared.id}/shares/${share}`);
  t.equal((await ask('GET', `/v1/runs/${shared.id}`, { key })).status, 404, 'until it is shared no more');
  t.equal((await ask('POST', `/v1/runs/${shared.id}/shares`, { json: { team: 'nobodies' } })).status, 404);
});

t.test('with a link', async (t) => {
  const { ask, done, submit } = await identityPlace(t);
  const [shared, other] = [await submit(), await submit()];
  const { id, link } = await done<{ id: string; link: string }>('POST', `/v1/runs/${shared.id}/shares`, { expiresInDays: 1 });
  t.match((await ask('GET', '/v1/me', { key: link })).body, { user: null, role: null, rights: ['view'], runId: shared.id });
  t.equal((await ask('GET', `/v1/runs/${shared.id}`, { key: link })).status, 200);
  t.equal((await ask('GET', `/v1/runs/${shared.id}/events`, { key: link })).status, 200);
  t.match((await ask<RunCurvesList>('GET', `/v1/metrics?key=batch/loss&runId=${other.id}&runId=${shared.id}`, { key: link })).body.items, [{ runId: shared.id }]);
  t.equal((await ask('GET', '/v1/datasets/mnist/images?indices=0', { key: link })).status, 200, 'with the examples that its evaluation names');
  t.equal((await ask('GET', `/v1/runs/${other.id}`, { key: link })).status, 404);
  t.equal((await ask('GET', '/v1/runs', { key: link })).status, 403, 'it lists nothing');
  t.notMatch(JSON.stringify((await ask('GET', `/v1/runs/${shared.id}/shares`)).body), link.slice(-48), 'the secret is shown once');
  const { body } = await ask<{ expiresAt: string }[]>('GET', `/v1/runs/${shared.id}/shares`);
  t.match(body, { items: [{ id, team: null, createdBy: 'admin' }] });
  await done('DELETE', `/v1/runs/${shared.id}/shares/${id}`);
  t.equal((await ask('GET', `/v1/runs/${shared.id}`, { key: link })).status, 401);
});
