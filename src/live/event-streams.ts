// Streams of runs' events as answers to HTTP requests: what is written when, dead peers, and a clean end. What the
// events are is the hub's.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { finished } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ServiceError } from '../errors.js';
import { EVENT_STREAM_TYPE, heartbeat, streamOpening, streamRemark } from './event-stream-framing.js';
import type { RunStream } from './run-stream.js';

export interface EventStreamOptions {
  /** Time between two heartbeats. */
  heartbeatEveryMs?: number;
  /** How long a client may take for the rest of its stream when the service stops. */
  closeGraceMs?: number;
}

/** A peer that took nothing while so many heartbeats were due is dropped. */
const HEARTBEATS_MISSED = 2;

/** Answers with the events of a stream, which it closes whatever happens. @throws ServiceError shutting_down */
export type SendEventStream = (reply: FastifyReply, stream: RunStream) => FastifyReply;

/** Ends all streams before the app closes. */
export function installEventStreams(app: FastifyInstance, { heartbeatEveryMs = 15_000, closeGraceMs = 1000 }: EventStreamOptions = {}): SendEventStream {
  interface Peer {
    stream: RunStream;
    /** Heartbeats since it last took something. */
    missed: number;
    write(text: string): void;
    gone: Promise<void>;
  }
  const peers = new Map<ServerResponse, Peer>();
  let stopping = false;

  function serve(response: ServerResponse, stream: RunStream): void {
    const gone = new Promise<void>((done) => {
      // Also calls when the client had gone before.
      finished(response, () => {
        peers.delete(response);
        stream.closed();
        done();
      });
    });
    const peer: Peer = {
      stream, gone,
      missed: 0,
      write(text) {
        response.write(text, () => {
          peer.missed = 0;
          stream.drained();
        });
      },
    };
    peers.set(response, peer);
    peer.write(streamOpening(stream.position));
    stream.start({
      send: peer.write,
      bufferedBytes: () => response.writableLength,
      // One that reads too slowly would not read why.
      close: (code, reason) => void (code === 1013 ? response.destroy() : response.end(streamRemark(reason))),
    });
  }

  const heartbeats = setInterval(() => {
    for (const [response, peer] of peers) {
      peer.missed += 1;
      if (peer.missed > HEARTBEATS_MISSED) response.destroy();
      else if (!response.writableEnded) peer.write(heartbeat(peer.stream.position));
    }
  }, heartbeatEveryMs);
  heartbeats.unref();

  app.addHook('preClose', async () => {
    stopping = true;
    clearInterval(heartbeats);
    for (const { stream } of peers.values()) stream.close(1001, 'the service is stopping');
    const grace = setTimeout(() => {
      for (const response of peers.keys()) response.destroy();
    }, closeGraceMs);
    await Promise.all([...peers.values()].map((peer) => peer.gone));
    clearTimeout(grace);
  });

  return (reply, stream) => {
    if (stopping) {
      stream.closed();
      throw new ServiceError('shutting_down');
    }
    void reply.headers({ 'content-type': EVENT_STREAM_TYPE, 'x-accel-buffering': 'no' }).hijack();
    const { raw: response, request } = reply;
    response.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders);
    if (request.method === 'HEAD') {
      stream.closed();
      response.end();
    } else {
      serve(response, stream);
    }
    return reply;
  };
}
