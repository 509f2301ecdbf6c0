// Text as PostgreSQL takes it: a program's output may hold NUL, which its text type has not, and a cut may
// leave half of a surrogate pair, which its jsonb refuses. Both become U+FFFD.

// eslint-disable-next-line no-control-regex -- NUL is what is looked for
const UNSTORABLE = /\u0000|\p{Surrogate}/gu;
/** How either looks in JSON. It finds some innocent texts too, which then stay as they are. */
const SUSPICIOUS_JSON = /\\u(?:0000|d[89a-f])/;

export function storableText(text: string): string {
  return text.replace(UNSTORABLE, '\ufffd');
}

/** The same value, or a copy whose texts can be stored. Keys are ours and stay. */
export function storable<T>(value: T): T {
  const json = JSON.stringify(value);
  if (!SUSPICIOUS_JSON.test(json)) return value;
  return JSON.parse(json, (_key, part: unknown) => (typeof part === 'string' ? storableText(part) : part)) as T;
}
