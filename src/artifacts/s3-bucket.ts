// One bucket, in the few words that the store needs: each with tries that are bounded, and with faults that say what a
// caller can do about them. The client is loaded when it is first used: most have no bucket.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ListMultipartUploadsCommandOutput, S3Client } from '@aws-sdk/client-s3';
import type { S3Credentials, S3Location } from './s3-location.js';
import { toStoreError } from './s3-faults.js';
import { isMissing, isStoreAway, StoreError } from './store-error.js';

export interface BucketOptions {
  location: S3Location;
  credentials: S3Credentials;
  /** Files larger than this are sent in parts of this size; at least the 5 MiB that S3 asks for. */
  partBytes?: number;
  /** How long a request may wait for its answer, and a body for its next bytes. */
  silenceMs?: number;
}

export interface BucketObject {
  key: string;
  bytes: number;
  changedAt: number;
}

export interface BucketUpload {
  key: string;
  id: string;
  startedAt: number;
}

export type Bucket = ReturnType<typeof openBucket>;

type Sdk = typeof import('@aws-sdk/client-s3');

const PART_BYTES = 8 * 1024 * 1024;
const PARTS_LIMIT = 10_000;
const PARTS_AT_ONCE = 3;
const SILENCE_MS = 60_000;
/** Of each request; what is lost in the middle of a body is asked for as often again. */
const TRIES = 4;
/** For a question that others wait for, such as those who hold the lock on the store. */
const BRIEF_MS = 5_000;

export function openBucket({ location: { bucket: Bucket, prefix, endpoint, region }, credentials, partBytes = PART_BYTES, silenceMs = SILENCE_MS }: BucketOptions) {
  let opening: Promise<{ sdk: Sdk; client: S3Client }> | null = null;

  const opened = () =>
    (opening ??= import('@aws-sdk/client-s3').then((sdk) => {
      const client = new sdk.S3Client({
        region,
        credentials,
        ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
        maxAttempts: TRIES,
        // Each body is signed with its hash; other servers than Amazon's do not all know the newer checksums.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        requestHandler: { connectionTimeout: BRIEF_MS, requestTimeout: silenceMs, socketTimeout: silenceMs, throwOnRequestTimeout: true },
      });
      return { sdk, client };
    }));

  async function ask<T>(what: string, question: (sdk: Sdk, client: S3Client) => Promise<T>): Promise<T> {
    const { sdk, client } = await opened();
    return question(sdk, client).catch((error: unknown) => Promise.reject(toStoreError(error, what)));
  }
  const brief = () => ({ abortSignal: AbortSignal.timeout(BRIEF_MS) });

  /** Bytes `start` to `end`, both included. What breaks off is taken up where it did: an object never changes. @throws StoreError */
  async function* read(key: string, { start = 0, end }: { start?: number; end?: number } = {}): AsyncGenerator<Uint8Array> {
    let at = start;
    let until: number | undefined;
    for (let faults = 0; ; ) {
      const Range = at === 0 && end === undefined ? undefined : `bytes=${at}-${end ?? ''}`;
      const { Body, ContentLength } = await ask('GetObject', (sdk, client) => client.send(new sdk.GetObjectCommand({ Bucket, Key: `${prefix}${key}`, Range })));
      until ??= at + (ContentLength ?? Infinity);
      try {
        for await (const chunk of Body as AsyncIterable<Uint8Array>) {
          at += chunk.length;
          faults = 0;
          yield chunk;
        }
        return;
      } catch (error) {
        if (at >= until) return;
        const fault = toStoreError(error, 'GetObject');
        faults += 1;
        if (!isStoreAway(fault) || faults >= TRIES) throw fault;
      }
    }
  }

  async function sendWhole(key: string, body: Uint8Array, condition: { IfNoneMatch?: '*' } = {}): Promise<void> {
    await ask('PutObject', (sdk, client) => client.send(new sdk.PutObjectCommand({ Bucket, Key: `${prefix}${key}`, Body: body, ContentLength: body.length, ...condition })));
  }

  /** In parts, of which a few are in memory at once. `parts` is done only after it has seen that the bytes are those meant. */
  async function sendParts(key: string, parts: AsyncGenerator<Part, void>, bytes: number): Promise<void> {
    const at = { Bucket, Key: `${prefix}${key}` };
    const { UploadId } = await ask('CreateMultipartUpload', (sdk, client) => client.send(new sdk.CreateMultipartUploadCommand(at)));
    const sent: { PartNumber: number; ETag: string | undefined }[] = [];
    let failed = false;
    const send = async () => {
      try {
        for (;;) {
          const part = await parts.next();
          if (part.done || failed) return;
          const { PartNumber, Body } = part.value;
          const { ETag } = await ask('UploadPart', (sdk, client) => client.send(new sdk.UploadPartCommand({ ...at, UploadId, PartNumber, Body, ContentLength: Body.length })));
          sent.push({ PartNumber, ETag });
        }
      } catch (error) {
        failed = true;
        throw error;
      }
    };
    try {
      const ends = await Promise.allSettled(Array.from({ length: PARTS_AT_ONCE }, send));
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
      const Parts = sent.sort((a, b) => a.PartNumber - b.PartNumber);
      await ask('CompleteMultipartUpload', (sdk, client) => client.send(new sdk.CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }))).catch(async (error: unknown) => {
        // The answer to an earlier try got lost, and the upload is no more because it is whole.
        if (!isMissing(error) || (await size(key)) !== bytes) throw error;
      });
    } catch (error) {
      // What cannot be told now is found by the sweep.
      await abort(key, UploadId ?? '').catch(() => undefined);
      throw error;
    } finally {
      await parts.return();
    }
  }

  async function abort(key: string, id: string): Promise<void> {
    await ask('AbortMultipartUpload', (sdk, client) => client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key: `${prefix}${key}`, UploadId: id }), brief())).catch(unlessMissing);
  }

  /** How many bytes it has; null when it is not there. @throws StoreError */
  async function size(key: string): Promise<number | null> {
    const head = await ask('HeadObject', (sdk, client) => client.send(new sdk.HeadObjectCommand({ Bucket, Key: `${prefix}${key}` }))).catch(unlessMissing);
    return head === null ? null : (head.ContentLength ?? 0);
  }

  return {
    read,
    size,
    abort,

    /** @throws StoreError, Node's file errors, and when the file's hash is another */
    async send(key: string, file: string, { sha256, bytes }: { sha256: string; bytes: number }): Promise<void> {
      const limit = Math.max(partBytes, Math.ceil(bytes / PARTS_LIMIT));
      const parts = readParts(file, { size: Math.min(limit, Math.max(bytes, 1)), sha256 });
      if (bytes > limit) return sendParts(key, parts, bytes);
      const chunks: Uint8Array[] = [];
      for await (const { Body } of parts) chunks.push(Body);
      await sendWhole(key, Buffer.concat(chunks));
    },

    /** Writes an object that must not be there yet; answers whether it was not. @throws StoreError */
    async create(key: string, text: string): Promise<boolean> {
      return sendWhole(key, Buffer.from(text), { IfNoneMatch: '*' }).then(
        () => true,
        (error: unknown) => {
          // The second is said to one who comes while another is at it.
          if (error instanceof StoreError && ['PreconditionFailed', 'ConditionalRequestConflict'].includes(error.code)) return false;
          throw error;
        },
      );
    },

    /** @throws StoreError */
    async remove(key: string): Promise<void> {
      await ask('DeleteObject', (sdk, client) => client.send(new sdk.DeleteObjectCommand({ Bucket, Key: `${prefix}${key}` }), brief())).catch(unlessMissing);
    },

    /** A page at a time. @throws StoreError */
    async *list(): AsyncGenerator<BucketObject[]> {
      let ContinuationToken: string | undefined;
      do {
        const page = await ask('ListObjectsV2', (sdk, client) => client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken })));
        yield (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified }) => ({ key: Key.slice(prefix.length), bytes: Size, changedAt: LastModified?.getTime() ?? Date.now() }));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
    },

    /** Uploads in parts that are under way, or were when their process went. @throws StoreError */
    async *uploads(): AsyncGenerator<BucketUpload[]> {
      let from: { KeyMarker: string | undefined; UploadIdMarker: string | undefined } | Record<string, never> = {};
      for (;;) {
        const page: ListMultipartUploadsCommandOutput | Record<string, never> = await ask('ListMultipartUploads', (sdk, client) => client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...from }))).catch((error: unknown) => {
          // Small servers cannot tell; the rest of the sweep does not hang on it.
          if (error instanceof StoreError && error.code === 'NotImplemented') return {};
          throw error;
        });
        yield (page.Uploads ?? []).map(({ Key = '', UploadId = '', Initiated }) => ({ key: Key.slice(prefix.length), id: UploadId, startedAt: Initiated?.getTime() ?? Date.now() }));
        if (page.IsTruncated !== true) return;
        from = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
      }
    },

    /** @throws StoreError */
    async ping(): Promise<void> {
      await ask('ListObjectsV2', (sdk, client) => client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix: prefix, MaxKeys: 1 }), brief()));
    },
  };
}

interface Part {
  PartNumber: number;
  Body: Uint8Array;
}

/** The file's parts in order. The last is followed by an error instead of the end where the file has another hash. */
async function* readParts(file: string, { size, sha256 }: { size: number; sha256: string }): AsyncGenerator<Part, void> {
  const handle = await open(file);
  try {
    const hash = createHash('sha256');
    for (let PartNumber = 1; ; PartNumber += 1) {
      const part = Buffer.allocUnsafe(size);
      let length = 0;
      for (let read = -1; read !== 0 && length < size; length += read) read = (await handle.read(part, length, size - length)).bytesRead;
      if (length === 0) break;
      const Body = part.subarray(0, length);
      hash.update(Body);
      yield { PartNumber, Body };
    }
    if (hash.digest('hex') !== sha256) throw new Error(`${file} was changed while it was stored`);
  } finally {
    await handle.close();
  }
}

const unlessMissing = (error: unknown): null => {
  if (isMissing(error)) return null;
  throw error;
};
