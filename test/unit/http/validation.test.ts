import { Type } from 'typebox';
import t from 'tap';
import { buildValidator } from '../../../src/http/validation.js';
import { discriminated, ref, strictObject } from '../../../src/schemas/build.js';

const Named = strictObject({ name: Type.String() }, { $id: 'Named' });
const compile = buildValidator({ Named });
const checker = (httpPart: string, schema: object) => {
  const validate = compile({ schema, httpPart, method: 'GET', url: '/' });
  return (data: unknown) => ({ ok: validate(data) as boolean, data, errors: validate.errors });
};

t.test('bodies are taken as they are', async (t) => {
  const check = checker('body', strictObject({ count: Type.Integer({ default: 3 }), flag: Type.Optional(Type.Boolean()) }));
  t.notOk(check({ count: '3' }).ok, 'no coercion');
  t.notOk(check({}).ok, 'no defaults');
  t.match(check({ count: 1, extra: 1 }), { ok: false, data: { extra: 1 } }, 'unknown keys are refused, not removed');
  t.ok(check({ count: 1, flag: true }).ok);
  t.equal(check({ count: 'a', flag: 'b' }).errors?.length, 1, 'the first fault is enough');
});

t.test('queries are read out of their text', async (t) => {
  const check = checker('querystring', strictObject({ limit: Type.Optional(Type.Integer({ minimum: 1 })), key: Type.Optional(Type.Array(Type.String())) }));
  t.same(check({ limit: '7', key: 'a' }), { ok: true, data: { limit: 7, key: ['a'] }, errors: null });
  t.notOk(check({ limit: '7.5' }).ok);
  t.equal(check({ limit: 'x', other: '1' }).errors?.length, 2, 'every fault is told');
});

t.test('references, unions with a discriminator and formats are understood', async (t) => {
  const check = checker('body', strictObject({ one: ref(Named), id: Type.Optional(Type.String({ format: 'uuid' })), shape: Type.Optional(discriminated([strictObject({ type: Type.Literal('round'), radius: Type.Number() }), strictObject({ type: Type.Literal('square'), side: Type.Number() })])) }));
  t.ok(check({ one: { name: 'x' }, id: '01890000-0000-7000-8000-000000000001', shape: { type: 'round', radius: 1 } }).ok);
  t.match(check({ one: { name: 5 } }).errors, [{ instancePath: '/one/name' }]);
  t.match(check({ one: { name: 'x' }, shape: { type: 'round', side: 1 } }).errors, [{ instancePath: '/shape', keyword: 'required' }], 'only its own variant is held against it');
  t.notOk(check({ one: { name: 'x' }, id: 'urn:uuid:01890000-0000-7000-8000-000000000001' }).ok, 'a UUID as PostgreSQL reads it');
});
