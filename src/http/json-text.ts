// Reading JSON that a client wrote, wherever it stands: a body, a live message, a text within a body.
import { jsonFaultOffset } from './json-fault.js';

/** The value, or what is wrong with the text: words that go on from its name ("The body …"). */
export function readJson(text: string): { value: unknown } | { fault: string } {
  // RFC 8259 lets a reader ignore a byte order mark, and some editors write one.
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  let reaching = false;
  // No key of ours is called so, and code that merges objects could be made to change every object by it.
  const findPrototypes = (key: string, value: unknown) => {
    if (key === '__proto__') reaching = true;
    return value;
  };
  try {
    // A reviver is called for every value, so it runs only where the key may be (also escaped).
    const value: unknown = JSON.parse(json, /__proto__|\\u005f/i.test(json) ? findPrototypes : undefined);
    return reaching ? { fault: 'has a key "__proto__", which is not taken' } : { value };
  } catch {
    return { fault: `is not JSON: ${faultIn(json)}` };
  }
}

function faultIn(json: string): string {
  const offset = jsonFaultOffset(json);
  if (offset === json.length) return 'it ends too early';
  const before = json.slice(0, offset);
  return `line ${before.split('\n').length}, column ${offset - before.lastIndexOf('\n')} is not what should be there`;
}
