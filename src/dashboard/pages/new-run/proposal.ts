// What another page proposes to change, out of the address.
import { mergePatch } from '../../../portable/merge-patch.js';

/** The spec with a JSON merge patch; as it is without one. @throws Error for people, where the text is none */
export function withProposal(spec: unknown, change: string): unknown {
  return change === '' ? spec : mergePatch(spec, patchOf(change));
}

function patchOf(text: string): object {
  let patch: unknown = null;
  try {
    patch = JSON.parse(text);
  } catch {
    // Said below.
  }
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) throw new Error('The address asks for a change that is no JSON object.');
  return patch;
}
