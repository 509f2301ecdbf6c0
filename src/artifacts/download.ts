// One file to one client: ranges, entity tags and conditions (RFC 9110), streamed. The bytes are opened
// before the first header is sent, so that a missing file is a problem and not a broken download.
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.js';
import { allowsRange, etagOf, isExpected, isFresh } from '../http/etag.js';
import { parseRange, type ByteRange } from '../http/range.js';
import type { Artifact, ArtifactRepository } from './artifact-repository.js';
import type { ArtifactStore } from './store.js';
import { isStoreAway } from './store-error.js';

export interface ArtifactSource {
  artifacts: ArtifactRepository;
  store: ArtifactStore;
  runId: string;
  path: string;
}

export interface OpenableArtifact extends Artifact {
  /** Resolves when the first bytes are there. @throws ServiceError not_found, internal; StoreError where the store is away */
  open(range: ByteRange | null): Promise<Readable>;
}

/** @throws ServiceError not_found */
export async function findArtifact({ artifacts, store, runId, path }: ArtifactSource): Promise<OpenableArtifact> {
  const gone = () => new ServiceError('not_found', `The run has no file "${path}".`);
  const artifact = await artifacts.find(runId, path);
  if (artifact === null) throw gone();
  return {
    ...artifact,
    async open(range) {
      const stream = store.read(artifact.sha256, range ?? undefined);
      try {
        await once(stream, 'readable');
        return stream;
      } catch (error) {
        stream.destroy();
        // Deleted in between, or lost: only the second is our fault.
        if ((await artifacts.find(runId, path)) === null) throw gone();
        throw isStoreAway(error) ? error : new ServiceError('internal', undefined, { cause: error });
      }
    },
  };
}

/** @throws ServiceError precondition_failed, range_not_satisfiable */
export async function sendArtifact(artifact: OpenableArtifact, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { headers } = request;
  const etag = etagOf(artifact.sha256);
  const about = { etag, 'accept-ranges': 'bytes', 'cache-control': 'private, no-cache' };
  if (!isExpected(headers['if-match'], etag)) throw new ServiceError('precondition_failed');
  if (isFresh(headers['if-none-match'], etag)) return reply.code(304).headers(about).send();

  const asked = request.method === 'GET' && allowsRange(first(headers['if-range']), etag) ? parseRange(headers.range, artifact.bytes) : null;
  if (asked === 'unsatisfiable') {
    void reply.header('content-range', `bytes */${artifact.bytes}`);
    throw new ServiceError('range_not_satisfiable', `The file has ${artifact.bytes} bytes.`);
  }
  const stream = request.method === 'HEAD' || artifact.bytes === 0 ? undefined : await artifact.open(asked);
  if (asked !== null) void reply.code(206).header('content-range', `bytes ${asked.start}-${asked.end}/${artifact.bytes}`);
  return reply
    .type(artifact.contentType)
    .headers({ ...about, 'content-length': asked === null ? artifact.bytes : asked.end - asked.start + 1, 'content-disposition': dispositionOf(artifact.path) })
    .send(stream);
}

/** Saved under its own name, never shown: a file must not run as a page of ours. */
export function dispositionOf(path: string): string {
  const name = path.split('/').at(-1) ?? path;
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${encoded}`}`;
}

const first = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header);
