// Entity tags and the conditions on them (RFC 9110, section 13).

export const etagOf = (sha256: string) => `"${sha256}"`;

const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
const opaque = (tag: string) => tag.replace(/^W\//, '');

/** If-None-Match: whether the client holds the current bytes already. Weak tags count. */
export function isFresh(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || (header.match(TAG) ?? []).some((tag) => opaque(tag) === opaque(etag));
}

/** If-Match: whether the current bytes are those that the client means. Weak tags do not count. */
export function isExpected(header: string | undefined, etag: string): boolean {
  if (header === undefined) return true;
  return header.trim() === '*' || (header.match(TAG) ?? []).some((tag) => tag === etag);
}

/** If-Range: whether a range may be served. We send no dates, so a date never matches. */
export function allowsRange(header: string | undefined, etag: string): boolean {
  return header === undefined || header.trim() === etag;
}
