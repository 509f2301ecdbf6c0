// The form of a run spec: keys, types and ranges, all faults at once. Whether it can be trained is the
// planner's question (plan.ts).
import { Ajv, type ValidateFunction } from 'ajv';
import type { InputProblem } from '../errors.js';
import { RunSpec, SPEC_SCHEMAS } from '../schemas/spec.js';
import { jsonLimitProblems } from './json-limits.js';
import { schemaProblems } from './schema-problems.js';

export type StructureCheck = { spec: RunSpec; problems: readonly [] } | { spec: null; problems: InputProblem[] };

/** Nothing is coerced, filled in or removed: the spec is the body itself. */
export function checkStructure(body: unknown): StructureCheck {
  const limits = jsonLimitProblems(body);
  const validate = validator();
  if (validate(body) && limits.length === 0) return { spec: body, problems: [] };
  return { spec: null, problems: [...limits, ...schemaProblems(validate.errors ?? [])] };
}

let compiled: ValidateFunction<RunSpec> | undefined;

/** Compiled on first use: it takes tens of milliseconds, which a process that checks nothing should not pay. */
function validator(): ValidateFunction<RunSpec> {
  if (compiled === undefined) {
    // Inlined, the initializers would be compiled once for each argument that takes one, and ajv's optimizer
    // doubles the time for code that runs once a submission.
    const ajv = new Ajv({
      discriminator: true, allErrors: true, verbose: true, strict: true, strictTypes: false, strictRequired: false,
      inlineRefs: false, code: { optimize: false },
    });
    ajv.addSchema(SPEC_SCHEMAS.filter((schema) => schema !== RunSpec).map((schema) => ({ ...schema })));
    compiled = ajv.compile<RunSpec>({ ...RunSpec });
  }
  return compiled;
}
