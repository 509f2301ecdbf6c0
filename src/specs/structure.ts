// The form of a run spec: keys, types and ranges, all faults at once. Whether it can be trained is the
// planner's question (plan.ts).
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { InputProblem } from '../errors.js';
import { readJson } from '../http/json-text.js';
import { strictObject } from '../schemas/build.js';
import { RunSpec, SPEC_SCHEMAS } from '../schemas/spec.js';
import { Fork } from '../schemas/submission.js';
import { jsonLimitProblems } from './json-limits.js';
import { schemaProblems } from './schema-problems.js';

export type StructureCheck = { spec: RunSpec; problems: readonly [] } | { spec: null; problems: InputProblem[] };

/** Nothing is coerced, filled in or removed: the spec is the body itself, but for a topology that came as a text. */
export function checkStructure(submitted: unknown): StructureCheck {
  const { body, problems } = withTopologyRead(submitted);
  const limits = [...jsonLimitProblems(body), ...problems];
  const validate = validator();
  if (validate(body) && limits.length === 0) return { spec: body, problems: [] };
  return { spec: null, problems: [...limits, ...schemaProblems(validate.errors ?? [])] };
}

/** The faults of what stands at `/fork`. */
export function checkFork(fork: unknown): InputProblem[] {
  const validate = forkValidator();
  return validate({ fork }) ? [] : schemaProblems(validate.errors ?? []);
}

/** `model.to_json()` of Python answers a text; it stands for what it says. */
function withTopologyRead(body: unknown): { body: unknown; problems: InputProblem[] } {
  if (!isObject(body) || !isObject(body['model']) || typeof body['model']['topology'] !== 'string') return { body, problems: [] };
  const read = readJson(body['model']['topology']);
  if ('fault' in read) return { body, problems: [{ pointer: '/model/topology', detail: read.fault }] };
  if (!isObject(read.value)) return { body, problems: [{ pointer: '/model/topology', detail: 'must be the JSON text of an object' }] };
  return { body: { ...body, model: { ...body['model'], topology: read.value } }, problems: [] };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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

let compiledFork: ValidateFunction | undefined;

function forkValidator(): ValidateFunction {
  if (compiledFork === undefined) {
    const ajv = new Ajv({ allErrors: true, verbose: true, strict: true });
    addFormats.default(ajv, ['uuid']);
    compiledFork = ajv.compile(strictObject({ fork: { ...Fork } }));
  }
  return compiledFork;
}
