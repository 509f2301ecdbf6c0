// A server that speaks as much of S3 as the store asks for, strictly: it takes signed requests only, and checks the
// bodies against their hashes. It can be told to fail.
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Refusal, checkSignature, S3_CREDENTIALS, xml } from './s3-protocol.js';
import type { TestScope } from './postgres.js';

export { S3_CREDENTIALS };

const BUCKET = 'yard';
const MIN_PART_BYTES = 5 * 1024 * 1024;

interface StoredObject {
  body: Buffer;
  changedAt: number;
}

interface Upload {
  key: string;
  parts: Map<number, Buffer>;
  startedAt: number;
}

export interface S3Request {
  method: string;
  /** Empty for what is asked of the bucket. */
  key: string;
  query: URLSearchParams;
}

export type S3Fault =
  | { status: number; code: string }
  /** Of the body that is sent; then the connection breaks. */
  | { resetAfter: number }
  /** Of the first byte that is sent. */
  | { flips: 'a bit' }
  /** Of the body that is sent; then nothing more comes. */
  | { stallAfter: number };

export interface S3Server {
  endpoint: string;
  url: string;
  objects: Map<string, StoredObject>;
  uploads: Map<string, Upload>;
  /** What was asked, in order: `PUT ab/abc`, `POST ab/abc?uploads`. */
  asked: string[];
  pageSize: number;
  /** Lets the next `times` requests fail, of those that `on` picks. */
  fail(fault: S3Fault, options?: { times?: number; on?: (request: S3Request) => boolean }): void;
  /** Fails no more. */
  heal(): void;
}

const hashOf = (body: Buffer) => createHash('md5').update(body).digest('hex');

export async function s3Server(t: TestScope): Promise<S3Server> {
  let faults: { fault: S3Fault; left: number; on: (request: S3Request) => boolean }[] = [];
  const server = createServer((request, response) => {
    // A client that goes away in the middle is not our fault.
    request.on('error', () => {});
    void handle(request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy();
      const { status, code } = error instanceof Refusal ? error : new Refusal(500, 'InternalError');
      send(response, { status, body: xml({ Error: { Code: code, Message: String(error) } }) });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const state: S3Server = {
    endpoint,
    url: `s3://${BUCKET}/team?endpoint=${endpoint}&region=eu-test-1`,
    objects: new Map(),
    uploads: new Map(),
    asked: [],
    pageSize: 1000,
    fail: (fault, { times = Infinity, on = () => true } = {}) => void faults.push({ fault, left: times, on }),
    heal: () => void (faults = []),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '', endpoint);
    const [, bucket = '', ...rest] = pathname.split('/').map(decodeURIComponent);
    const asked: S3Request = { method: request.method ?? '', key: rest.join('/'), query };
    const what = ['uploads', 'uploadId', 'list-type'].find((name) => query.has(name));
    state.asked.push(`${asked.method} ${asked.key}${what === undefined ? '' : `?${what}`}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    checkSignature(request.headers, body);
    const fault = faults.find((one) => one.left > 0 && one.on(asked));
    if (fault !== undefined) {
      fault.left -= 1;
      if ('status' in fault.fault) throw new Refusal(fault.fault.status, fault.fault.code);
    }
    if (bucket !== BUCKET) throw new Refusal(404, 'NoSuchBucket');
    const answer = asked.key === '' ? askBucket(asked) : askObject(asked, { body, headers: request.headers });
    send(response, asked.method === 'HEAD' ? { ...answer, body: undefined } : answer, fault?.fault);
  }

  function askBucket({ query }: S3Request): Answer {
    const prefix = query.get('prefix') ?? '';
    if (query.has('uploads')) {
      const all = [...state.uploads].filter(([, { key }]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
      const { page, next } = pageOf(all, query.get('upload-id-marker'), Infinity);
      const Upload = page.map(([UploadId, { key, startedAt }]) => ({ Key: key, UploadId, Initiated: new Date(startedAt).toISOString() }));
      return { body: xml({ ListMultipartUploadsResult: { IsTruncated: next !== null, ...(next === null ? {} : { NextKeyMarker: 'any', NextUploadIdMarker: next }), Upload } }) };
    }
    const all = [...state.objects].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1));
    const { page, next } = pageOf(all, query.get('continuation-token'), Number(query.get('max-keys') ?? Infinity));
    const Contents = page.map(([Key, { body, changedAt }]) => ({ Key, Size: body.length, LastModified: new Date(changedAt).toISOString() }));
    return { body: xml({ ListBucketResult: { IsTruncated: next !== null, ...(next === null ? {} : { NextContinuationToken: next }), Contents } }) };
  }

  function pageOf<T>(all: [string, T][], after: string | null, limit: number): { page: [string, T][]; next: string | null } {
    const rest = after === null ? all : all.filter(([name]) => name > after);
    const page = rest.slice(0, Math.min(limit, state.pageSize));
    return { page, next: page.length < rest.length ? (page.at(-1)?.[0] ?? null) : null };
  }

  function askObject({ method, key, query }: S3Request, { body, headers }: { body: Buffer; headers: IncomingMessage['headers'] }): Answer {
    const uploadId = query.get('uploadId');
    if (method === 'POST' && query.has('uploads')) {
      const id = randomUUID();
      state.uploads.set(id, { key, parts: new Map(), startedAt: Date.now() });
      return { body: xml({ InitiateMultipartUploadResult: { Key: key, UploadId: id } }) };
    }
    if (uploadId !== null) return askUpload({ method, key, query }, uploadId, body);
    if (method === 'PUT') {
      if (headers['if-none-match'] === '*' && state.objects.has(key)) throw new Refusal(412, 'PreconditionFailed');
      state.objects.set(key, { body, changedAt: Date.now() });
      return { headers: { etag: `"${hashOf(body)}"` } };
    }
    if (method === 'DELETE') {
      state.objects.delete(key);
      return { status: 204 };
    }
    const found = state.objects.get(key);
    if (found === undefined) throw new Refusal(404, 'NoSuchKey');
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
    if (from === undefined) return { headers: { 'content-length': found.body.length, 'last-modified': new Date(found.changedAt).toUTCString() }, body: found.body };
    if (Number(from) >= found.body.length) throw new Refusal(416, 'InvalidRange');
    const part = found.body.subarray(Number(from), to === '' ? undefined : Number(to) + 1);
    return { status: 206, headers: { 'content-length': part.length, 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${found.body.length}` }, body: part };
  }

  function askUpload({ method, key, query }: S3Request, id: string, body: Buffer): Answer {
    const upload = state.uploads.get(id);
    if (upload?.key !== key) throw new Refusal(404, 'NoSuchUpload');
    if (method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), body);
      return { headers: { etag: `"${hashOf(body)}"` } };
    }
    state.uploads.delete(id);
    if (method === 'DELETE') return { status: 204 };
    const named = [...body.toString().matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
      number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]), etag: /<ETag>(?:"|&quot;)?(\w+)/.exec(part)?.[1],
    }));
    const parts = named.map(({ number, etag }, index) => {
      const part = upload.parts.get(number);
      if (part === undefined || hashOf(part) !== etag) throw new Refusal(400, 'InvalidPart');
      if (index > 0 && number <= named[index - 1]!.number) throw new Refusal(400, 'InvalidPartOrder');
      if (part.length < MIN_PART_BYTES && index < named.length - 1) throw new Refusal(400, 'EntityTooSmall');
      return part;
    });
    state.objects.set(key, { body: Buffer.concat(parts), changedAt: Date.now() });
    return { body: xml({ CompleteMultipartUploadResult: { Key: key, ETag: '"whole"' } }) };
  }

  return state;
}

interface Answer {
  status?: number;
  headers?: Record<string, string | number>;
  body?: Buffer | string | undefined;
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Answer, fault?: S3Fault): void {
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(body);
  response.writeHead(status, body === undefined ? headers : { 'content-length': bytes.length, ...headers });
  if (fault !== undefined && 'flips' in fault) return void response.end(Buffer.from(bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte))));
  if (fault === undefined || 'status' in fault) return void response.end(bytes);
  const part = bytes.subarray(0, 'resetAfter' in fault ? fault.resetAfter : fault.stallAfter);
  response.flushHeaders();
  response.write(part, () => {
    // A moment for what is written to be read: a reset throws away what is still on its way.
    if ('resetAfter' in fault) setTimeout(() => response.socket?.resetAndDestroy(), 20);
  });
}
