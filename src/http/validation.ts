// How requests are checked. Bodies are taken as they are: nothing is coerced, filled in or removed.
// Queries, headers and paths are text, so numbers and lists are read out of them.
import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';
import addFormats from 'ajv-formats';

export type ValidationFault = ErrorObject;

// ajv-formats also takes `urn:uuid:…`, which PostgreSQL does not.
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** For Fastify's `schemaController.compilersFactory.buildValidator`; called with the schemas that routes refer to. */
export function buildValidator(shared: unknown): (route: unknown) => ValidateFunction {
  // One fault of a body is told, not all: a large wrong array would else make millions. (A run spec is checked in
  // src/specs, which does tell all.)
  const body = createAjv(shared, { coerceTypes: false, allErrors: false });
  const text = createAjv(shared, { coerceTypes: 'array', allErrors: true });
  return (route) => {
    // Fastify's types name ajv's own compile function here; what it passes is a route's part.
    const { schema, httpPart } = route as Parameters<FastifySchemaCompiler<AnySchema>>[0];
    return (httpPart === 'body' ? body() : text()).compile(schema);
  };
}

/** Made on first use, because most plugins have no schema for one of the two. */
function createAjv(shared: unknown, options: { coerceTypes: false | 'array'; allErrors: boolean }): () => Ajv {
  let ajv: Ajv | undefined;
  return () => {
    if (ajv === undefined) {
      ajv = new Ajv({ ...options, verbose: true, discriminator: true, strict: true, strictTypes: false, strictRequired: false, strictTuples: false, keywords: ['example'] });
      addFormats.default(ajv);
      ajv.addFormat('uuid', UUID);
      for (const schema of Object.values(shared as Record<string, object>)) ajv.addSchema({ ...schema });
    }
    return ajv;
  };
}
