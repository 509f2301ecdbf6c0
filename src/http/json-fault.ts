// Where a text stops being JSON (RFC 8259). V8's own message names the place only sometimes.

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end';

const SPACE = /[\t\n\r ]*/y;
// Plain characters and escapes take turns, so that no text can be cut in two ways: time stays linear in its length.
const STRING = /"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"/y; // eslint-disable-line no-control-regex -- the grammar names them
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Offset of the first character that no JSON text could have there; the length when more should follow. */
export function jsonFaultOffset(json: string): number {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = skip(SPACE, json, 0);
  while (at < json.length) {
    const char = json[at] as string;
    const within = open.at(-1);
    let next = at + 1;
    if (expected === ', or end') {
      if (char === ',' && within !== undefined) expected = within === '{' ? 'key' : 'value';
      else if ((char === '}' && within === '{') || (char === ']' && within === '[')) open.pop();
      else return at;
    } else if (expected === ':') {
      if (char !== ':') return at;
      expected = 'value';
    } else if ((char === '}' && expected === 'key or }') || (char === ']' && expected === 'value or ]')) {
      open.pop();
      expected = ', or end';
    } else if (expected === 'key' || expected === 'key or }') {
      next = skip(STRING, json, at);
      expected = ':';
    } else if (char === '{' || char === '[') {
      open.push(char);
      expected = char === '{' ? 'key or }' : 'value or ]';
    } else {
      next = skip(char === '"' ? STRING : SCALAR, json, at);
      expected = ', or end';
    }
    if (next === at) return at;
    at = skip(SPACE, json, next);
  }
  return json.length;
}

/** The offset after what the sticky pattern matches at `from`; `from` itself when it does not match. */
function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}
