// How routes document what they answer besides the plain JSON of a success.
import type { TSchema } from 'typebox';
import { ERRORS, type ErrorCode } from '../errors.js';
import { ref } from '../schemas/build.js';
import { Problem } from '../schemas/problem.js';
import { PROBLEM_TYPE } from './problem.js';

/** What any route may answer. */
const ALWAYS: readonly ErrorCode[] = ['bad_request', 'unauthorized', 'forbidden', 'csrf_token_missing', 'host_not_allowed', 'origin_not_allowed', 'rate_limited', 'internal', 'database_unavailable', 'shutting_down'];

/**
 * The problems that a route may answer, besides those that any may, by status. Typed as nothing, so that a
 * handler's return type is that of its success.
 */
export function problems(...codes: ErrorCode[]): Record<never, never> {
  const byStatus = new Map<number, string[]>();
  for (const code of new Set([...codes, ...ALWAYS])) {
    const { status, title } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${title}.`]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => [status, { description: lines.join('\n\n'), content: { [PROBLEM_TYPE]: { schema: ref(Problem) } } }]),
  );
}

/** A success in one of several media types, or in one that is no JSON; typed as nothing for the same reason. */
export function representations(status: number, description: string, content: Record<string, TSchema>): Record<never, never> {
  return { [status]: { description, content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])) } };
}

/** A success without a body. */
export function empty(status: number, description: string): Record<never, never> {
  return { [status]: { type: 'null', description } };
}
