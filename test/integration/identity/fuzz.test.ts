// Every operation of the API's own document is asked for with whatever comes to mind, on a real database. Each answer
// must be a documented one (`ask` holds it against the document), and none may be a failure of ours.
import fc from 'fast-check';
import t from 'tap';
import { SPEC } from '../workers/harness.js';
import { identityPlace, type Place } from './place.js';

const SEED = 42;
const REQUESTS_PER_OPERATION = 40;

const odd = fc.oneof(
  fc.constantFrom('', '0', '-1', '1e308', '99999999999999999999', 'NaN', 'null', 'true', '\u0000', '\ud800', '../..', "' OR 1=1 --", '%', '*', '🚂', '2026-01-01T00:00:00Z', 'x'.repeat(3000)),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

interface Parameter {
  name: string;
  in: string;
  schema?: { enum?: string[]; type?: string };
}

/** A value that a parameter may have, more or less. */
const valueOf = ({ schema = {} }: Parameter, known: fc.Arbitrary<string>) =>
  fc.oneof(known, odd, ...(schema.enum === undefined ? [] : [fc.constantFrom(...schema.enum)]), ...(schema.type === 'integer' ? [fc.integer().map(String)] : []));

/** Something good with one of its parts replaced, or nothing of the kind. */
const bodyLike = (good: unknown) => fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.nat(), fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(null, -1, 1e300, '', [], {}, 'x'.repeat(5000), '\u0000'))).map(([at, value]) => spoilt(good, at, value)) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
);

function placesOf(value: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  if (value === null || typeof value !== 'object') return [[...path]];
  return [[...path], ...Object.entries(value).flatMap(([key, part]) => placesOf(part, [...path, key]))];
}

function spoilt(good: unknown, at: number, value: unknown): unknown {
  const places = placesOf(good);
  const [last, ...rest] = [...(places[at % places.length] ?? [])].reverse();
  if (last === undefined) return value;
  const copy = structuredClone(good);
  const holder = rest.reverse().reduce((part, key) => (part as Record<string | number, unknown>)[key], copy as unknown);
  (holder as Record<string | number, unknown>)[last] = value;
  return copy;
}

const GOOD: Record<string, unknown> = {
  createRun: SPEC, planRun: SPEC, extendRun: { epochs: 1 }, updateRun: { name: 'a', tags: ['b'] }, predict: { instances: [Array.from({ length: 784 }, () => 0)] },
  shareRun: { team: 'default', expiresInDays: 1 }, createKey: { name: 'a', user: 'ann', team: 'default', scopes: ['read'], expiresInDays: 1 }, putMember: { role: 'viewer' }, createTeam: { name: 'b' }, createUser: { name: 'c', operator: false },
  updateUser: { operator: true }, createSession: { key: `ty_${'0'.repeat(16)}_${'0'.repeat(48)}` },
};

async function fuzz(place: Place, { id, method, path, parameters, hasBody, known }: { id: string; method: string; path: string; parameters: Parameter[]; hasBody: boolean; known: fc.Arbitrary<string> }) {
  const given = fc.record(Object.fromEntries(parameters.map((parameter) => [`${parameter.in} ${parameter.name}`, valueOf(parameter, known)])), { requiredKeys: parameters.filter((parameter) => parameter.in === 'path').map((parameter) => `path ${parameter.name}`) });
  const request = fc.record({ given, body: hasBody ? bodyLike(GOOD[id]) : fc.constant(undefined), accept: fc.constantFrom('*/*', 'application/json', 'text/plain', 'image/png;q=0', ',;='), extra: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), odd, { maxKeys: 1 }) });
  await fc.assert(
    fc.asyncProperty(request, async ({ given, body, accept, extra }) => {
      const values = given as Record<string, string>;
      const of = (place: string) => Object.entries(values).filter(([name]) => name.startsWith(`${place} `)).map(([name, value]) => [name.slice(place.length + 1), value] as const);
      const address = of('path').reduce((address, [name, value]) => address.replace(`{${name}}`, encoded(value)), path);
      const query = [...of('query'), ...Object.entries(extra)].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
      // What no client can put into a header is not our matter.
      const headers = Object.fromEntries(of('header').map(([name, value]) => [name, value.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 1000)]));
      const { status, body: answer } = await place.ask(method, query === '' ? address : `${address}?${query}`, { headers: { accept, ...headers }, ...(body === undefined ? {} : { json: body }) });
      if (status >= 500) throw new Error(`${method} ${address}?${query} ${JSON.stringify(headers)} ${JSON.stringify(body)?.slice(0, 500)}: ${status} ${JSON.stringify(answer)}`);
    }),
    { seed: SEED, numRuns: REQUESTS_PER_OPERATION, endOnFailure: true },
  );
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return '%ED%A0%80'; // half of a surrogate pair, as some clients write it
  }
}

t.test('no request makes the service fail', async (t) => {
  const place = await identityPlace(t);
  const { id } = await place.submit();
  await place.done('POST', `/v1/runs/${id}/cancel`);
  const { id: key } = await place.join('default', 'ann', 'member');
  const known = fc.constantFrom(id, id.toUpperCase(), key, 'default', 'ann', 'mnist', 'mnist-softmax', 'not_found', 'model/model.json', '0,17,9999', '01890000-0000-7000-8000-000000000001');
  const operations = Object.entries(place.document.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase() })));
  t.ok(operations.length > 40);
  for (const operation of operations) {
    const { operationId = '', path, method, parameters = [], requestBody } = operation as typeof operation & { requestBody?: unknown };
    const about = { id: operationId, method, path, parameters: parameters as Parameter[], hasBody: requestBody !== undefined, known };
    await t.resolves(fuzz(place, about), operationId);
  }
  t.equal((await place.ask('GET', '/readyz', { key: null })).status, 200);
});
