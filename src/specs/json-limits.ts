// Faults of a JSON document that no schema of ours can state: nesting that would overflow the stack of a
// later walk, and text that PostgreSQL's jsonb refuses (NUL and lone surrogates).
import type { InputProblem } from '../errors.js';
import { pointerTo } from '../schemas/pointer.js';

const MAX_DEPTH = 64;
// eslint-disable-next-line no-control-regex -- NUL is what is looked for
const UNSTORABLE = /\u0000|\p{Surrogate}/u;

/** Walks without recursion, so that depth alone cannot bring the process down. */
export function jsonLimitProblems(document: unknown): InputProblem[] {
  const problems: InputProblem[] = [];
  const open: { value: unknown; pointer: string; depth: number }[] = [{ value: document, pointer: '', depth: 0 }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value, pointer, depth } = place;
    if (typeof value === 'string' && UNSTORABLE.test(value)) {
      problems.push({ pointer, detail: 'holds a character that cannot be stored (NUL or half a surrogate pair)' });
    }
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= MAX_DEPTH) {
      problems.push({ pointer, detail: `is nested deeper than ${MAX_DEPTH} levels` });
      continue;
    }
    for (const [key, child] of Object.entries(value).reverse()) {
      if (UNSTORABLE.test(key)) problems.push({ pointer, detail: 'has a key with a character that cannot be stored' });
      else open.push({ value: child, pointer: pointerTo(pointer, key), depth: depth + 1 });
    }
  }
  return problems;
}
