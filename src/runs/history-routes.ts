// What a run measured and said: curves, evaluations, log.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { negotiate } from '../http/negotiate.js';
import { RunParams } from '../http/params.js';
import { problems, representations } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import { DEFAULT_EVENT_LIMIT, LogQuery } from '../schemas/event-query.js';
import { EvaluationQuery, Evaluations } from '../schemas/evaluation.js';
import { EventPage } from '../schemas/event.js';
import { MetricQuery, MetricSeriesList, RunCurvesList, RunCurvesQuery } from '../schemas/metric.js';
import type { Services } from '../services.js';
import { readEvaluations } from './evaluations.js';
import { LOG_KINDS, openLogText } from './log-text.js';
import { readCurvesOf, readSeries } from '../metrics/series.js';

export const historyRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'runs' | 'events' | 'metrics'> }> = async (app, { services }) => {
  const { runs, events, metrics } = services;

  app.get('/v1/runs/:id/metrics', {
    config: { access: 'view' },
    schema: {
      operationId: 'getMetrics', tags: ['metrics'], summary: "List or read a run's curves", params: RunParams, querystring: MetricQuery,
      description: 'Without `key`, every curve with its length and latest value. With it, those curves with their points: all of them, or min/max buckets when there are more than `maxPoints`.',
      response: { 200: ref(MetricSeriesList), ...problems('not_found') },
    },
  }, async ({ principal, params: { id }, query }) => {
    await runs.see(principal, id);
    return { series: await readSeries(metrics, id, query) };
  });

  app.get('/v1/metrics', {
    config: { access: 'view' },
    schema: {
      operationId: 'getMetricsOfRuns', tags: ['metrics'], summary: 'Read the same curves of several runs', querystring: RunCurvesQuery,
      description: 'With their points, or as min/max buckets where there are more than `maxPoints`.',
      response: { 200: ref(RunCurvesList), ...problems() },
    },
  }, async ({ principal, query }) => {
    const seen = await runs.seen(principal, query.runId);
    return { items: await readCurvesOf(metrics, { ...query, runId: [...new Set(query.runId)].filter((id) => seen.has(id)) }) };
  });

  app.get('/v1/runs/:id/evaluations', {
    config: { access: 'view' },
    schema: {
      operationId: 'getEvaluations', tags: ['metrics'], summary: "Read a run's evaluations", params: RunParams, querystring: EvaluationQuery,
      description: 'What a classifier said of its validation examples after an epoch: the confusion matrix, precision and recall of each class, and examples with their predictions. New ones are told by events of the kind `evaluation`.',
      response: { 200: ref(Evaluations), ...problems('not_found') },
    },
  }, async ({ principal, params: { id }, query }) => {
    const { keptEpoch } = await runs.see(principal, id);
    const found = await readEvaluations(events, id, query);
    // It may have been deleted in between.
    if (found.evaluation === null) await runs.see(principal, id);
    return { ...found, keptEpoch };
  });

  app.get('/v1/runs/:id/logs', {
    config: { access: 'view' },
    schema: {
      operationId: 'listLogs', tags: ['events'], summary: "Read a run's log", params: RunParams, querystring: LogQuery,
      description: 'Its events of kind `log` and `warning`. As `text/plain`, one line each and all of them, unless `limit` is given.',
      response: {
        ...representations(200, 'The log.', { 'application/json': ref(EventPage), 'text/plain': Type.String() }),
        ...problems('not_found', 'not_acceptable'),
      },
    },
  }, async ({ principal, params: { id }, query, headers }, reply) => {
    const type = negotiate(headers.accept, ['application/json', 'text/plain']);
    await runs.see(principal, id);
    void reply.header('vary', 'accept').type(type);
    if (type === 'text/plain') return reply.send(await openLogText(events, id, query));
    return reply.send(await events.read(id, { after: query.after ?? 0, limit: query.limit ?? DEFAULT_EVENT_LIMIT, kinds: LOG_KINDS }));
  });
};
