// A run's event log: page by page as JSON, or as a stream that goes on until the run has ended.
import { finished } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ServiceError, type ParameterProblem } from '../errors.js';
import { sendProblem } from '../http/error-handler.js';
import { negotiate } from '../http/negotiate.js';
import { RunParams } from '../http/params.js';
import { commaList } from '../http/query.js';
import { retryAfterOf, toServiceError } from '../http/problem.js';
import { empty, problems, representations } from '../http/responses.js';
import { EVENT_STREAM_TYPE, eventStreamFraming, streamPutOff } from '../live/event-stream-framing.js';
import { installEventStreams, type EventStreamOptions } from '../live/event-streams.js';
import { ref } from '../schemas/build.js';
import { DEFAULT_EVENT_LIMIT, EventHeaders, EventQuery } from '../schemas/event-query.js';
import { EVENT_KINDS, EventPage } from '../schemas/event.js';
import type { Services } from '../services.js';

export interface EventRoutesOptions extends EventStreamOptions {
  services: Pick<Services, 'runs' | 'events' | 'hub' | 'openConnections'>;
}

export const eventRoutes: FastifyPluginAsyncTypebox<EventRoutesOptions> = async (app, { services: { runs, events, hub, openConnections }, ...options }) => {
  const sendEventStream = installEventStreams(app, options);

  app.get('/v1/runs/:id/events', {
    config: { access: 'view' },
    errorHandler(thrown, request, reply) {
      const error = toServiceError(thrown);
      const retryAfterS = retryAfterOf(error.code);
      if (retryAfterS === null || !isEventSource(request)) return void sendProblem(error, request, reply);
      request.log.warn({ err: error, code: error.code }, 'event stream put off');
      return void reply.code(200).type(EVENT_STREAM_TYPE).send(streamPutOff(retryAfterS * 1000, error.message));
    },
    schema: {
      operationId: 'listEvents', tags: ['events'], summary: "Read a run's event log, or follow it", params: RunParams, querystring: EventQuery, headers: EventHeaders,
      description: 'The same events, with the same numbers, as over `/v1/live`.',
      response: {
        ...representations(200, `As \`${EVENT_STREAM_TYPE}\`, server-sent events: those after the position, then each as it happens, until the run has ended.`, {
          'application/json': ref(EventPage),
          [EVENT_STREAM_TYPE]: Type.String({
            description: 'Events of the run have no `event` name; `id` is their number and `data` the JSON of a `RunEvent`. Named are `lagging` and `deleted`, whose data are the messages of `/v1/live`, and `end` (`{"type", "runId", "head", "state"}`: the run has ended, and that was its last event). After `end` and `deleted` the stream ends; where it ends without them, connect again with `Last-Event-ID`, as an EventSource does by itself. Comments are heartbeats. A browser\'s EventSource, which would never ask again after a refusal, gets a stream that ends at once in place of each that has a `Retry-After`.',
          }),
        }),
        ...empty(204, 'No event can follow: the run has ended, and the position is its last event. An EventSource then stops.'),
        ...problems('not_found', 'not_acceptable', 'rate_limited'),
      },
    },
  }, async ({ principal, params: { id }, query: { after = 0, limit, kind }, headers }, reply) => {
    const type = negotiate(headers.accept, ['application/json', EVENT_STREAM_TYPE]);
    const kinds = commaList('kind', kind, EVENT_KINDS);
    void reply.header('vary', 'accept');
    if (type === 'application/json') {
      await runs.see(principal, id);
      return reply.send(await events.read(id, { after, limit: limit ?? DEFAULT_EVENT_LIMIT, ...(kinds ? { kinds } : {}) }));
    }
    if (limit !== undefined) throw unfit({ in: 'query', parameter: 'limit', detail: 'does not go with a stream, which tells all' });
    const last = headers['last-event-id'];
    await runs.see(principal, id);
    const stream = await hub.openStream(id, { after: last ?? after, framing: eventStreamFraming(kinds) });
    if (stream.head < stream.position) {
      stream.closed();
      const place = last === undefined ? ({ in: 'query', parameter: 'after' } as const) : ({ in: 'header', parameter: 'last-event-id' } as const);
      throw unfit({ ...place, detail: `must be at most ${stream.head}, the number of the latest event` });
    }
    if (!stream.complete) {
      const open = openConnections.add(principal, (reason) => stream.close(1008, reason));
      open.watches(id);
      finished(reply.raw, () => open.closed());
      return sendEventStream(reply, stream);
    }
    stream.closed();
    return reply.code(204).send();
  });
};

/** Browsers tell what a request is for, and an EventSource gives up for good where the answer is no stream. */
const isEventSource = ({ headers }: FastifyRequest) => headers['sec-fetch-mode'] !== undefined && headers.accept === EVENT_STREAM_TYPE;

const unfit = (problem: ParameterProblem) => new ServiceError('bad_request', 'The request has values that a stream does not take.', { parameters: [problem] });
