// How requests are checked. Bodies are taken as they are: nothing is coerced, filled in or removed.
// Queries, headers and paths are text, so numbers and lists are read out of them.
import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';
import addFormats from 'ajv-formats';

export type ValidationFault = ErrorObject;

// ajv-formats also takes `urn:uuid:…`, which PostgreSQL does not.
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** For Fastify's `schemaController.compilersFactory.buildValidator`; called with the schemas that routes may refer to. */
export function buildValidator(shared: unknown): (route: unknown) => ValidateFunction {
  const schemas = Object.values(shared as Record<string, object>);
  // One fault of a body is told, not all: a large wrong array would else make millions. (A run spec is checked in
  // src/specs, which does tell all.)
  const compileBody = createCompiler(schemas, { coerceTypes: false, allErrors: false });
  const compileText = createCompiler(schemas, { coerceTypes: 'array', allErrors: true });
  return (route) => {
    // Fastify's types name ajv's own compile function here; what it passes is a route's part.
    const { schema, httpPart } = route as Parameters<FastifySchemaCompiler<AnySchema>>[0];
    return (httpPart === 'body' ? compileBody : compileText)(schema);
  };
}

/** Compiles; the shared schemas are read in only for a schema that refers to one, since that takes a tenth of a second. */
function createCompiler(shared: readonly object[], options: { coerceTypes: false | 'array'; allErrors: boolean }): (schema: AnySchema) => ValidateFunction {
  let ajv: Ajv | undefined;
  let known = false;
  return (schema) => {
    if (ajv === undefined) {
      ajv = new Ajv({ ...options, verbose: true, discriminator: true, strict: true, strictTypes: false, strictRequired: false });
      addFormats.default(ajv);
      ajv.addFormat('uuid', UUID);
    }
    if (!known && JSON.stringify(schema).includes('"$ref"')) {
      known = true;
      for (const one of shared) ajv.addSchema({ ...one });
    }
    return ajv.compile(schema);
  };
}
