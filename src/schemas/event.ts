// The event log of a run: numbered, append-only, without gaps. What people see is a reading of it.
import { Type, type Static, type TSchema } from 'typebox';
import { oneOf, ref, strictObject } from './build.js';
import { SPLITS } from './dataset.js';
import { MAX_SAMPLES } from './evaluation-limits.js';
import { RUN_STATES } from '../portable/run-states.js';
import { MetricValue, MetricValues, RUN_REASONS } from './run.js';

export const EVENT_KINDS = ['state', 'metrics', 'epoch', 'evaluation', 'log', 'system', 'warning', 'checkpoint', 'artifact'] as const;
export const CHECKPOINT_KINDS = ['final', 'resume'] as const;
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

const attempt = Type.Integer({ minimum: 0, description: 'The attempt it belongs to.' });
const examplesPerSecond = Type.Number({ description: 'Training throughput.' });
const epoch = Type.Integer({ minimum: 0, description: 'Counts from 1.' });

export const StateData = strictObject({
  state: oneOf(RUN_STATES, { description: 'The state entered.' }),
  reason: Type.Optional(oneOf(RUN_REASONS, { description: 'Why, for machines.' })),
  message: Type.Optional(Type.String({ description: 'The reason in words.' })),
  attempt,
  step: Type.Optional(Type.Integer({ minimum: 0, description: 'Steps done. With `starting`: the step that the attempt goes on from, 0 where it begins anew. Points of earlier attempts after it are void.' })),
  epoch: Type.Optional(Type.Integer({ minimum: 0, description: 'With `starting`: the epochs that were whole there, with their validation. Epochs and evaluations of earlier attempts after it are void.' })),
});
/** A block of steps of several series; every array is as long as `steps`. */
export const MetricsData = strictObject({
  attempt,
  epoch,
  steps: Type.Array(Type.Integer({ minimum: 1 }), { description: 'Steps from 1 on, over the whole run.' }),
  series: Type.Record(Type.String(), Type.Array(ref(MetricValue)), { description: '`loss`, `learning_rate` and metrics.' }),
  examplesPerSecond,
});
export const EpochData = strictObject({
  attempt,
  epoch,
  step: Type.Integer({ minimum: 0, description: 'Steps done.' }),
  metrics: ref(MetricValues),
  examplesPerSecond,
  durationMs: Type.Number({ description: 'Wall time of the epoch with its validation.' }),
  best: Type.Boolean({ description: 'Whether it is the best epoch so far.' }),
});
const classIndex = (description: string) => Type.Integer({ minimum: 0, description });
const probability = (description: string) => Type.Number({ minimum: 0, maximum: 1, description: `${description}, to six decimals.` });
export const SamplePrediction = strictObject({
  index: Type.Integer({ minimum: 0, description: 'Of the example in `split` of the data set, from 0 on; `GET /v1/datasets/{name}/images` shows it.' }),
  trueClass: classIndex('What it is, by index in `labels`.'),
  predictedClass: classIndex('What the model takes it for.'),
  trueProbability: probability('How probable the model says that its true class is'),
  predictedProbability: probability('How probable the model says that the predicted class is'),
}, { $id: 'SamplePrediction', description: 'What a classifier said of one validation example.' });
export type SamplePrediction = Static<typeof SamplePrediction>;
export const EvaluationData = strictObject({
  attempt,
  epoch,
  step: Type.Integer({ minimum: 0, description: 'Steps done.' }),
  split: oneOf(SPLITS, { description: 'The split of the data set that the validation examples are from.' }),
  labels: Type.Array(Type.String(), { description: 'Names of the classes, by index.' }),
  confusionMatrix: Type.Array(Type.Array(Type.Integer({ minimum: 0 })), { description: 'How many validation examples of each class (row) were taken for each class (column).' }),
  unpredictedCounts: Type.Array(Type.Integer({ minimum: 0 }), { description: 'How many validation examples of each class the model gave NaN for. They have no predicted class, and are in no cell; with the cells they make up all.' }),
  samples: Type.Array(ref(SamplePrediction), { maxItems: MAX_SAMPLES, description: 'Validation examples: the wrong ones first, that with the most probable wrong class before the others; then the right ones, the least probable before the others.' }),
}, { $id: 'EvaluationData', description: 'What a classifier said of the validation examples after an epoch.' });
export type EvaluationData = Static<typeof EvaluationData>;
export const LogData = strictObject({
  level: oneOf(LOG_LEVELS, { description: 'How severe it is.' }),
  message: Type.String({ maxLength: 16_384, description: 'What was said.' }),
});
export const SystemData = strictObject({
  attempt,
  rssBytes: Type.Integer({ description: 'Memory of the trainer process.' }),
  cpuPercent: Type.Number({ description: 'Of one core; 200 is two cores at full load.' }),
  tensorBytes: Type.Optional(Type.Integer({ description: 'Memory in tensors, as far as the backend knows.' })),
});
export const WarningData = strictObject({
  code: Type.String({ description: 'The kind of warning, for machines.' }),
  message: Type.String({ description: 'The warning in words.' }),
});
export const CheckpointData = strictObject({
  attempt,
  kind: oneOf(CHECKPOINT_KINDS, { description: '`final`: the model that the run ends with; `resume`: all that training goes on from.' }),
  epoch: Type.Integer({ minimum: 0, description: 'Of `final`, the epoch whose weights are kept; of `resume`, the epochs that were whole.' }),
  step: Type.Integer({ description: 'Steps done when it was taken.' }),
  metrics: ref(MetricValues),
});
export const ArtifactData = strictObject({
  path: Type.String({ description: 'Path of the file within the run.' }),
  bytes: Type.Integer({ description: 'Size.' }),
  sha256: Type.String({ description: 'SHA-256 of the bytes.' }),
});

const DATA = {
  state: StateData, metrics: MetricsData, epoch: EpochData, evaluation: EvaluationData, log: LogData,
  system: SystemData, warning: WarningData, checkpoint: CheckpointData, artifact: ArtifactData,
} as const satisfies Record<EventKind, TSchema>;

type DataOf = { [K in EventKind]: Static<(typeof DATA)[K]> };
/** An event before it has a number. */
export type NewEvent = { [K in EventKind]: { kind: K; at: string; data: DataOf[K] } }[EventKind];
export type EventOf<K extends EventKind> = { seq: number; kind: K; at: string; data: DataOf[K] };
export type RunEvent = { [K in EventKind]: EventOf<K> }[EventKind];

export const RunEvent = Type.Unsafe<RunEvent>({
  $id: 'RunEvent',
  description: 'One numbered event of a run. Kinds may be added: leave alone those that you do not know.',
  type: 'object',
  required: ['seq', 'kind', 'at', 'data'],
  discriminator: { propertyName: 'kind' },
  oneOf: EVENT_KINDS.map((kind) => ({
    type: 'object',
    additionalProperties: false,
    required: ['seq', 'kind', 'at', 'data'],
    properties: {
      seq: { type: 'integer', minimum: 1, description: 'Counts from 1 within the run, without gaps.' },
      kind: { type: 'string', const: kind },
      at: { type: 'string', format: 'date-time', description: 'When it happened.' },
      data: '$id' in DATA[kind] ? ref(DATA[kind]) : { ...DATA[kind], description: 'What happened.' },
    },
  })),
});

export const EventPage = strictObject(
  {
    items: Type.Array(ref(RunEvent), { description: 'In order, contiguous from `after` + 1 unless filtered by kind.' }),
    head: Type.Integer({ minimum: 0, description: 'Number of the latest event.' }),
    hasMore: Type.Boolean({ description: 'Whether later events exist already.' }),
  },
  { $id: 'EventPage', description: 'A piece of the event log.' },
);
export type EventPage = Static<typeof EventPage>;
