import { readFile } from 'node:fs/promises';
import t from 'tap';
import { describeApi, openApiPath } from '../../src/openapi.js';
import { startApi, type OpenApiDocument } from '../helpers/api.js';

const text = await describeApi();
const document = JSON.parse(text) as OpenApiDocument;
const operations = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, ...operation })));

t.test('the committed document is that of the routes', async (t) => {
  t.equal(await readFile(openApiPath, 'utf8'), text, 'npm run build && npm run openapi writes it anew');
});

t.test('the document that tests hold answers against is that of the routes', async (t) => {
  const api = await startApi(t);
  t.same(api.document, document);
});

t.test('every operation is named, summed up, sorted under a tag, and its problems are problems', async (t) => {
  const ids = operations.map(({ operationId }) => operationId);
  t.equal(new Set(ids).size, ids.length, 'each name once');
  for (const { name, operationId, summary, tags, responses } of operations) {
    t.match({ operationId, summary, tags }, { operationId: /^[a-z][A-Za-z]+$/, summary: /^[A-Z].*[^.]$/, tags: [String] }, name);
    const failures = Object.entries(responses).filter(([status]) => Number(status) >= 400);
    t.ok(failures.length > 0, `${name} says how it may fail`);
    for (const [status, { content, description }] of failures) {
      t.same(content, { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }, `${name} ${status}`);
      t.match(description, /^`[a-z_]+`: /, `${name} ${status} names its codes`);
    }
  }
});

t.test('every parameter is described, and every one of a path is there', async (t) => {
  for (const { name, path, parameters = [] } of operations) {
    for (const parameter of parameters) t.ok(parameter.description, `${name}: ${parameter.in} ${parameter.name}`);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
    t.same(parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name).sort(), inPath.sort(), name);
  }
});

interface SchemaNode {
  description?: string;
  $ref?: string;
  const?: unknown;
  properties?: Record<string, SchemaNode>;
}

/** Paths of properties that nobody explains. A reference is explained where it leads; a constant explains itself. */
function unexplained(node: unknown, at: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { properties = {} } = node as SchemaNode;
  const bare = Object.entries(properties).filter(([, { description, $ref, const: constant }]) => !description && $ref === undefined && constant === undefined);
  return [...bare.map(([name]) => `${at}.${name}`), ...Object.entries(node).flatMap(([key, child]) => unexplained(child, `${at}/${key}`))];
}

t.test('every component has a name and a description, and so has each of its properties', async (t) => {
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    t.match(name, /^[A-Z][A-Za-z]+$/);
    t.ok((schema as SchemaNode).description, `${name} is described`);
    t.same(unexplained(schema, name), [], `${name}: every property is described`);
  }
});

t.test('every reference leads somewhere', async (t) => {
  const references = [...text.matchAll(/"\$ref": "([^"]+)"/g)].map(([, reference]) => reference ?? '');
  t.ok(references.length > 50);
  for (const reference of new Set(references)) t.ok(document.components.schemas[reference.replace('#/components/schemas/', '')], reference);
  t.notMatch(text, /"\$id"|def-\d/);
});

t.test('the document is served, with a page to browse it', async (t) => {
  const api = await startApi(t);
  const served = await api.get('/openapi.json');
  t.match(served.headers['content-type'], /^application\/json/);
  t.equal(served.body, text);
  t.equal((await api.get('/openapi.json', { 'if-none-match': String(served.headers.etag) })).statusCode, 304);
  const page = await api.get('/docs/');
  t.equal(page.statusCode, 200);
  t.match(page.headers['content-type'], /^text\/html/);
  const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? '');
  t.ok(sources.length > 0);
  for (const source of sources) {
    t.notMatch(source, /^(https?:)?\/\//, `${source} is of this host`);
    t.equal((await api.get(new URL(source, 'http://host/docs/').pathname)).statusCode, 200, `${source} is there`);
  }
});
