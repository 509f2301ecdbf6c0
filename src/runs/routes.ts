// Runs over HTTP: submit, plan, list, get, cancel, delete, and the model that a run trains.
import { Type } from 'typebox';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { negotiate } from '../http/negotiate.js';
import { RunParams } from '../http/params.js';
import { commaList } from '../http/query.js';
import { empty, problems, representations } from '../http/responses.js';
import { ref } from '../schemas/build.js';
import { ModelSummary } from '../schemas/model.js';
import { Plan } from '../schemas/plan.js';
import { RUN_STATES } from '../portable/run-states.js';
import { Run, RunExtension, RunMove, RunNotes, RunPage, RunQuery } from '../schemas/run.js';
import { RunSubmission } from '../schemas/submission.js';
import type { Services } from '../services.js';
import { summaryOf, summaryTable } from './model-summary.js';

const DEFAULT_PAGE = 50;

const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]{1,255}$', description: 'A name for this request, remembered for a day: sent again with the same body, it does nothing more and answers the run.' })),
});

const replayed = { 'idempotency-replayed': { type: 'string', description: '`true` when a request with the Idempotency-Key had done so before.' } };
const content = { 'application/json': { schema: ref(Run) } };
const created = { description: 'The run is stored and queued.', headers: { location: { type: 'string', description: 'Address of the run.' }, ...replayed }, content };
const extended = { description: 'The run is queued again.', headers: replayed, content };

const ACTIONS = [
  {
    name: 'cancel', summary: 'Cancel a run', refusals: ['run_not_active'],
    description: 'A queued run is cancelled at once, a training one between two batches. Asking again while it stops does no harm.',
  },
  {
    name: 'pause', summary: 'Pause a run', refusals: ['run_not_pausable'],
    description: 'A training run stops between two batches with its whole state kept, and gives its place to another. Asking again does no harm.',
  },
  {
    name: 'resume', summary: 'Resume a run that was paused or cancelled, or has failed', refusals: ['run_not_resumable', 'quota_spent'],
    description: 'Back into the queue. It goes on from its latest training state, or from the start where it had none yet: on a CPU, to the bit as if it had not stopped.',
  },
] as const;

export const runRoutes: FastifyPluginAsyncTypebox<{ services: Pick<Services, 'runs'> }> = async (app, { services: { runs } }) => {
  app.post('/v1/runs', {
    config: { access: 'write', documentedBody: ref(RunSubmission) },
    schema: {
      operationId: 'createRun', tags: ['runs'], summary: 'Submit a run', headers: IdempotencyHeaders,
      description: 'Answers every problem of the spec at once, and keeps nothing of a run that has one.',
      response: { 202: created as unknown, ...problems('invalid_spec', 'impossible_spec', 'quota_spent', 'idempotency_conflict', 'idempotency_mismatch', 'body_too_large', 'unsupported_media_type', 'queue_unavailable') },
    },
  }, async ({ principal: { teamId, user }, body, headers }, reply) => {
    const { run, created } = await runs.submit({ teamId, userId: user?.id }, body, headers['idempotency-key']);
    if (!created) void reply.header('idempotency-replayed', 'true');
    return reply.code(202).header('location', `/v1/runs/${run.id}`).send(run);
  });

  app.post('/v1/runs::plan', {
    config: { access: 'read', audited: false, documentedBody: ref(RunSubmission) },
    schema: {
      operationId: 'planRun', tags: ['runs'], summary: 'Check a run without submitting it',
      description: 'The same checks as a submission. A bad spec is answered with 200 too: the plan lists its problems. With when it would start, and what would let it start now.',
      response: { 200: ref(Plan), ...problems('body_too_large', 'unsupported_media_type') },
    },
  }, async ({ principal: { teamId, user }, body }) => runs.plan({ teamId, userId: user?.id }, body));

  app.get('/v1/runs', {
    config: { access: 'read' },
    schema: { operationId: 'listRuns', tags: ['runs'], summary: 'List runs', querystring: RunQuery, response: { 200: ref(RunPage), ...problems('invalid_cursor') } },
  }, async ({ principal: { teamId }, query: { id: ids, state, order = 'newest', limit = DEFAULT_PAGE, cursor, ...rest } }) => {
    const states = commaList('state', state, RUN_STATES);
    return runs.list(teamId, { filter: { ...rest, ...(ids ? { ids } : {}), ...(states ? { states } : {}) }, order, limit, ...(cursor === undefined ? {} : { cursor }) });
  });

  app.get('/v1/runs/:id', {
    config: { access: 'view' },
    schema: { operationId: 'getRun', tags: ['runs'], summary: 'Get a run', params: RunParams, response: { 200: ref(Run), ...problems('not_found') } },
  }, async ({ principal, params: { id } }) => runs.see(principal, id));

  for (const { name, summary, description, refusals } of ACTIONS) {
    app.post(`/v1/runs/:id/${name}`, {
      config: { access: 'write' },
      schema: { operationId: `${name}Run`, tags: ['runs'], summary, description, params: RunParams, response: { 202: ref(Run), ...problems('not_found', ...refusals, 'unsupported_media_type') } },
    }, async ({ principal: { teamId }, params: { id } }, reply) => reply.code(202).send(await runs[name](teamId, id)));
  }

  app.post('/v1/runs/:id/extend', {
    config: { access: 'write' },
    schema: {
      operationId: 'extendRun', tags: ['runs'], summary: 'Train a run that has succeeded for more epochs', params: RunParams, headers: IdempotencyHeaders, body: ref(RunExtension),
      description: 'Back into the queue, to go on from its last training state: its curves continue, and its model is replaced. Schedules that look at the whole run see the longer one; early stopping waits anew, as with another call of Keras\' `fit`.',
      response: { 202: extended as unknown, ...problems('not_found', 'run_not_extendable', 'quota_spent', 'impossible_spec', 'idempotency_mismatch', 'unsupported_media_type') },
    },
  }, async ({ principal: { teamId }, params: { id }, body, headers }, reply) => {
    const { run, replayed } = await runs.extend(teamId, id, body, headers['idempotency-key']);
    if (replayed) void reply.header('idempotency-replayed', 'true');
    return reply.code(202).send(run);
  });

  app.post('/v1/runs/:id/move', {
    config: { access: 'write' },
    schema: {
      operationId: 'moveRun', tags: ['runs'], summary: 'Start a waiting run before another', params: RunParams, body: ref(RunMove),
      description: 'Both wait, and one user has submitted them. It takes the priority of the other.',
      response: { 200: ref(Run), ...problems('not_found', 'run_not_queued', 'unsupported_media_type') },
    },
  }, async ({ principal: { teamId }, params: { id }, body }) => runs.move(teamId, id, body));

  app.patch('/v1/runs/:id', {
    config: { access: 'write' },
    schema: {
      operationId: 'updateRun', tags: ['runs'], summary: 'Rename or tag a run, or change its priority', params: RunParams, body: ref(RunNotes),
      description: 'In any state. The tag `keep` keeps a run, and its training states, from retention. Its spec stays as it was submitted.',
      response: { 200: ref(Run), ...problems('not_found', 'unsupported_media_type') },
    },
  }, async ({ principal: { teamId }, params: { id }, body }) => runs.annotate(teamId, id, body));

  app.delete('/v1/runs/:id', {
    config: { access: 'write' },
    schema: {
      operationId: 'deleteRun', tags: ['runs'], summary: 'Delete a run that has ended', params: RunParams,
      description: 'With its events, curves and files.',
      response: { ...empty(204, 'The run is gone.'), ...problems('not_found', 'run_not_ended') },
    },
  }, async ({ principal: { teamId }, params: { id } }, reply) => {
    await runs.delete(teamId, id);
    return reply.code(204).send();
  });

  app.get('/v1/runs/:id/model', {
    config: { access: 'view' },
    schema: {
      operationId: 'getModelSummary', tags: ['models'], summary: "Summarize a run's model", params: RunParams,
      description: 'As `text/plain`, the table of layers that Keras prints.',
      response: {
        ...representations(200, 'Layers, shapes and parameter counts.', { 'application/json': ref(ModelSummary), 'text/plain': Type.String() }),
        ...problems('not_found', 'not_acceptable'),
      },
    },
  }, async ({ principal, params: { id }, headers }, reply) => {
    const type = negotiate(headers.accept, ['application/json', 'text/plain']);
    const { name } = await runs.see(principal, id);
    const summary = summaryOf(name, await runs.getPlan(id));
    return reply.header('vary', 'accept').type(type).send(type === 'text/plain' ? summaryTable(summary) : summary);
  });
};
