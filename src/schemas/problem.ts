// What a client gets when a request fails: RFC 9457 problem details, media type application/problem+json.
import { Type, type Static } from 'typebox';
import { ERRORS, type ErrorCode } from '../errors.js';
import { oneOf, ref, strictObject } from './build.js';
import { CheckResult } from './health.js';

export const ERROR_CODES = Object.keys(ERRORS) as ErrorCode[];

export const ProblemError = strictObject(
  {
    pointer: Type.Optional(Type.String({ description: 'JSON pointer (RFC 6901) into the request body; an empty string is the whole body.' })),
    in: Type.Optional(oneOf(['path', 'query', 'header'], { description: 'Where the faulty parameter stands, when the fault is not in the body.' })),
    parameter: Type.Optional(Type.String({ description: 'Name of the faulty parameter, when the fault is not in the body.' })),
    detail: Type.String({ description: 'What is wrong there.' }),
  },
  { $id: 'ProblemError', description: 'One fault of the request, with its place.' },
);
export type ProblemError = Static<typeof ProblemError>;

export const ProblemType = strictObject(
  {
    code: oneOf(ERROR_CODES, { description: 'The kind of problem.' }),
    status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status that it comes with.' }),
    title: Type.String({ description: 'What it means.' }),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
  },
  { $id: 'ProblemType', description: 'What a code means.' },
);
export type ProblemType = Static<typeof ProblemType>;

export const Problem = strictObject(
  {
    type: Type.String({ format: 'uri-reference', description: '`/problems/` and the code; it never changes, and answers what the code means.' }),
    title: Type.String({ description: 'The same words for every problem of this code.' }),
    status: Type.Integer({ minimum: 400, maximum: 599, description: 'The HTTP status.' }),
    detail: Type.Optional(Type.String({ description: 'This very case in words. Never present with a status of 500 or more.' })),
    instance: Type.String({ format: 'uri-reference', description: 'The path that was asked.' }),
    code: oneOf(ERROR_CODES, { description: 'The kind of problem, for machines; it never changes.' }),
    errors: Type.Optional(Type.Array(ref(ProblemError), { description: 'Every fault that was found, each with its place.' })),
    checks: Type.Optional(Type.Array(ref(CheckResult), { description: 'With `not_ready`: what was asked and what answered.' })),
    requestId: Type.String({ description: 'The same as the header x-request-id; it is in the log too.' }),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
  },
  { $id: 'Problem', description: 'Why a request failed (RFC 9457).' },
);
export type Problem = Static<typeof Problem>;
