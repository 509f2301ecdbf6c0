// Where in a JSON text the caret stands. Reads up to there only, so that what follows may be broken.

export interface CaretContext {
  /** Keys and indices from the top to the object or list that the caret is in. */
  path: readonly (string | number)[];
  /** `value` is that of `key`, or an item of the list. */
  expects: 'key' | 'value' | 'nothing';
  /** Of the value, in an object. */
  key: string | null;
  /** What stands there already, up to the caret, without its quote. */
  prefix: string;
  /** Whether a quote was opened. */
  quoted: boolean;
  /** Where what is there begins, its quote counted. */
  from: number;
  /** Keys of the object before the caret, and what their plain strings say. */
  known: ReadonlyMap<string, string | null>;
}

interface Level {
  kind: 'object' | 'list';
  key: string | null;
  index: number;
  /** In an object: what comes next. */
  next: 'key' | 'colon' | 'value' | 'comma';
  known: Map<string, string | null>;
}

const TOKEN = /\s+|"(?:[^"\\\n]|\\.)*("?)|[[\]{}:,]|[^\s"[\]{}:,]+/y;

export function contextAt(text: string, caret: number): CaretContext {
  const levels: Level[] = [];
  let last = { from: caret, text: '', open: false, isWord: false };
  TOKEN.lastIndex = 0;
  for (let at = 0; at < caret; ) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) break;
    const whole = found[0];
    const end = at + whole.length;
    const isString = whole.startsWith('"');
    const open = isString && found[1] === '';
    // The caret stands in it, or at the end of a bare word that may go on.
    if (end > caret || (end === caret && (open || (!isString && !/^[\s[\]{}:,]/.test(whole))))) {
      last = { from: at, text: text.slice(at, caret), open: isString, isWord: !/^\s/.test(whole) };
      break;
    }
    step(levels, whole);
    at = end;
  }
  const level = levels.at(-1);
  const prefix = last.isWord ? last.text.replace(/^"/, '') : '';
  const expects = level === undefined ? 'nothing' : level.kind === 'list' ? (level.next === 'comma' ? 'nothing' : 'value') : level.next === 'key' ? 'key' : level.next === 'value' ? 'value' : 'nothing';
  return {
    path: levels.slice(0, -1).map((one) => (one.kind === 'object' ? (one.key ?? '') : one.index)),
    expects, key: level?.kind === 'object' && expects === 'value' ? level.key : null,
    prefix, quoted: last.open, from: last.isWord ? last.from : caret, known: level?.known ?? new Map(),
  };
}

function step(levels: Level[], token: string): void {
  const level = levels.at(-1);
  if (/^\s/.test(token)) return;
  if (token === '{' || token === '[') levels.push({ kind: token === '{' ? 'object' : 'list', key: null, index: 0, next: token === '{' ? 'key' : 'value', known: new Map() });
  else if (token === '}' || token === ']') {
    levels.pop();
    const outer = levels.at(-1);
    if (outer !== undefined) outer.next = 'comma';
  } else if (level === undefined) return;
  else if (token === ',') {
    level.index += 1;
    level.next = level.kind === 'object' ? 'key' : 'value';
  } else if (token === ':') level.next = 'value';
  else if (level.next === 'key') {
    level.key = token.replaceAll('"', '');
    level.known.set(level.key, null);
    level.next = 'colon';
  } else if (level.next === 'value') {
    if (level.kind === 'object' && level.key !== null) level.known.set(level.key, token.startsWith('"') ? token.replaceAll('"', '') : null);
    level.next = 'comma';
  }
}
