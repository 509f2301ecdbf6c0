// Runs as the API shows them.
import { Type, type Static, type TSchema } from 'typebox';
import { RUN_STATES } from '../portable/run-states.js';
import { oneOf, page, ref, strictObject } from './build.js';
import { RunSpec, Tags } from './spec.js';

export const RUN_REASONS = [
  'user_cancel', 'user_pause', 'user_resume', 'user_extend', 'early_stopped', 'timeout', 'out_of_gpu_memory', 'out_of_memory', 'non_finite_loss', 'preempted',
  'worker_lost', 'trainer_lost', 'data_missing', 'device_missing', 'disk_full', 'invalid_spec', 'internal',
] as const;

export type RunReason = (typeof RUN_REASONS)[number];
/** Without the reasons of those who stop a run, and of one that comes to its end. */
export type FailureReason = Exclude<RunReason, 'user_cancel' | 'user_pause' | 'user_resume' | 'user_extend' | 'preempted' | 'early_stopped'>;

export const RunId = Type.String({ format: 'uuid', description: 'Sortable by time of creation (UUIDv7).' });
const time = (description: string) => Type.String({ format: 'date-time', description });
/** The description moves up, to where readers of the property look for it. */
function nullable<T extends TSchema>(schema: T) {
  const { description, ...rest } = schema as T & { description?: string };
  return Type.Union([rest as T, Type.Null()], description === undefined ? {} : { description });
}

/** A double that survives JSON: NaN and the infinities travel as strings. */
export const MetricValue = Type.Unsafe<number | 'NaN' | 'Infinity' | '-Infinity'>({
  $id: 'MetricValue',
  description: 'A number; NaN and infinities as strings.',
  anyOf: [{ type: 'number' }, { type: 'string', enum: ['NaN', 'Infinity', '-Infinity'] }],
});
export type MetricValue = Static<typeof MetricValue>;

export const MetricValues = Type.Unsafe<Record<string, MetricValue>>({
  $id: 'MetricValues',
  type: 'object',
  description: 'Metric name to value.',
  additionalProperties: { $ref: 'MetricValue#' },
});

export const RunTransition = strictObject(
  {
    state: oneOf(RUN_STATES, { description: 'The state entered.' }),
    reason: nullable(oneOf(RUN_REASONS, { description: 'Why, for machines.' })),
    message: nullable(Type.String({ description: 'The reason in words.' })),
    attempt: Type.Integer({ minimum: 0, description: 'The attempt it belongs to; 0 before the first.' }),
    at: time('When.'),
  },
  { $id: 'RunTransition', description: 'One change of state.' },
);
export type RunTransition = Static<typeof RunTransition>;

export const RunProgress = strictObject(
  {
    epoch: Type.Integer({ minimum: 0, description: 'The epoch under way, from 1; 0 before the first.' }),
    epochs: Type.Integer({ minimum: 1, description: 'Epochs asked for.' }),
    step: Type.Integer({ minimum: 0, description: 'Steps done.' }),
    totalSteps: Type.Integer({ minimum: 1, description: 'Steps in all, unless stopped early.' }),
    examplesPerSecond: nullable(Type.Number({ description: 'While training; null before it.' })),
  },
  { $id: 'RunProgress', description: 'How far a run is.' },
);
export type RunProgress = Static<typeof RunProgress>;

const RunPlacement = strictObject(
  {
    box: Type.String({ description: 'Name of the box.' }),
    devices: Type.Array(Type.String(), { description: 'Ids of its devices there.' }),
    memoryMiB: Type.Integer({ minimum: 0, description: 'MiB of each that are kept for it.' }),
  },
  { description: 'The devices that it has, or had last.' },
);

export const Run = strictObject(
  {
    id: RunId,
    team: Type.String({ description: 'Whose it is.' }),
    user: nullable(Type.String({ description: 'Who submitted it; null when that user is gone.' })),
    name: Type.String({ description: "The spec's name, or one made from it." }),
    tags: Type.Array(Type.String(), { description: 'For filters.' }),
    priority: Type.Integer({ description: 'Higher starts earlier.' }),
    recipe: nullable(Type.String({ description: 'The recipe it was made from.' })),
    state: oneOf(RUN_STATES, { description: 'Where it is in its life.' }),
    reason: nullable(oneOf(RUN_REASONS, { description: 'Why it is there, for machines.' })),
    message: nullable(Type.String({ description: 'The reason in words.' })),
    attempt: Type.Integer({ minimum: 0, description: 'How often a worker has started it.' }),
    retries: Type.Integer({ minimum: 0, description: 'How many of these starts a lost worker, trainer or device made necessary, since it was submitted or last resumed.' }),
    gradientAccumulationSteps: Type.Integer({ minimum: 1, description: 'Parts that each batch is computed in, for one optimizer step; more than 1 after the GPU had no memory for it whole.' }),
    forkedFrom: nullable(strictObject({ runId: RunId, step: Type.Integer({ minimum: 0, description: 'The step of its training state.' }) }, { description: 'The run with whose weights it started.' })),
    spec: ref(RunSpec),
    engine: nullable(Type.String({ description: 'The engine that trains it.' })),
    backend: nullable(Type.String({ description: 'The backend of the engine.' })),
    device: nullable(Type.String({ description: 'The device it trains on.' })),
    placement: nullable(RunPlacement),
    progress: ref(RunProgress),
    extendedAfter: nullable(Type.Integer({ minimum: 1, description: 'Epochs that were done when more were asked for last.' })),
    metrics: ref(MetricValues),
    bestEpoch: nullable(Type.Integer({ description: 'The epoch with the best monitored value.' })),
    bestMetrics: Type.Union([ref(MetricValues), Type.Null()], { description: 'The metrics of that epoch.' }),
    keptEpoch: nullable(Type.Integer({ description: 'The epoch whose weights its stored model has: the best where early stopping puts its weights back, else the last. Null while there is no model.' })),
    head: Type.Integer({ minimum: 0, description: 'Number of its latest event.' }),
    createdAt: time('When it was submitted.'),
    queuedAt: time('Since when it waits, or did last: it was submitted, resumed, or had to make room.'),
    startedAt: nullable(time('When its latest attempt started.')),
    endedAt: nullable(time('When it ended; null again when it was taken up again.')),
    transitions: Type.Array(ref(RunTransition), { description: 'All changes of state, oldest first.' }),
  },
  { $id: 'Run', description: 'One experiment: its spec, its state and its latest numbers.' },
);
export type Run = Static<typeof Run>;

export const RunExtension = strictObject(
  { epochs: Type.Integer({ minimum: 1, maximum: 100_000, description: 'How many more, after those that were done.' }) },
  { $id: 'RunExtension', description: 'More epochs for a run.' },
);
export type RunExtension = Static<typeof RunExtension>;

export const RunNotes = strictObject(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 120, description: 'For people; need not be unique.' })),
    tags: Type.Optional(nullable(Tags)),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'Among the runs of one user, higher starts earlier.' })),
  },
  { $id: 'RunNotes', description: 'What people write on a run. What is left out stays as it is; `null` clears the tags.' },
);
export type RunNotes = Static<typeof RunNotes>;

export const RunMove = strictObject({ before: RunId }, { $id: 'RunMove', description: 'The run before which another is to start.' });
export type RunMove = Static<typeof RunMove>;

export const RunPage = page(Run, 'RunPage');
export type RunPage = Static<typeof RunPage>;

export const RunQuery = strictObject({
  id: Type.Optional(Type.Array(RunId, { maxItems: 200, description: 'Of these runs those that the team has; may be repeated.' })),
  state: Type.Optional(Type.String({ description: 'One state, or several with commas between.' })),
  tag: Type.Optional(Type.String({ description: 'Runs that carry this tag.' })),
  recipe: Type.Optional(Type.String({ description: 'Runs made from this recipe.' })),
  name: Type.Optional(Type.String({ description: 'Runs whose name contains this, ignoring case.' })),
  dataset: Type.Optional(Type.String({ description: 'Runs on this data set.' })),
  user: Type.Optional(Type.String({ description: 'Runs that this user has submitted.' })),
  shared: Type.Optional(Type.Boolean({ description: "Instead of the team's own runs, those that other teams share with it." })),
  order: Type.Optional(oneOf(['newest', 'oldest'], { description: 'By creation; newest when absent.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'Page size; 50 when absent.' })),
  cursor: Type.Optional(Type.String({ maxLength: 512, description: '`nextCursor` of the page before.' })),
});
export type RunQuery = Static<typeof RunQuery>;
