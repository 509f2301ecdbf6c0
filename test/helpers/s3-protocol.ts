// What of S3's protocol has nothing to do with objects: signatures (AWS Signature Version 4) and XML.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const S3_CREDENTIALS = { accessKeyId: 'a-key', secretAccessKey: 'a secret' };
const REGION = 'eu-test-1';

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

/** Looks at who signed for what, and whether the body is the one that was signed; not at the signature itself. */
export function checkSignature(headers: IncomingHttpHeaders, body: Buffer): void {
  const [, key, day, region, signed = '', signature] = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? '') ?? [];
  if (signature === undefined || day !== String(headers['x-amz-date']).slice(0, 8) || region !== REGION) throw new Refusal(400, 'AuthorizationHeaderMalformed');
  if (key !== S3_CREDENTIALS.accessKeyId) throw new Refusal(403, 'InvalidAccessKeyId');
  for (const name of ['host', 'x-amz-date', 'x-amz-content-sha256']) if (!signed.split(';').includes(name)) throw new Refusal(403, 'AccessDenied');
  // Over plain HTTP nothing else would see to it that the body is whole.
  if (headers['x-amz-content-sha256'] !== createHash('sha256').update(body).digest('hex')) throw new Refusal(400, 'XAmzContentSHA256Mismatch');
}

type Xml = string | number | boolean | Xml[] | { [name: string]: Xml };

export const xml = (content: { [name: string]: Xml }): string => `<?xml version="1.0" encoding="UTF-8"?>\n${elements(content)}`;

function elements(content: Xml): string {
  if (typeof content !== 'object') return String(content).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return Object.entries(content).map(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => `<${name}>${elements(one)}</${name}>`).join('')).join('');
}
