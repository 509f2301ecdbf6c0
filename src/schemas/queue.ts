// The queue as the API shows it: who waits, why, until when, and what would change it.
import { Type, type Static } from 'typebox';
import { oneOf, ref, strictObject } from './build.js';
import { RunId } from './run.js';

const time = (description: string) => Type.String({ format: 'date-time', description });
const timeOrNull = (description: string) => Type.Union([Type.String({ format: 'date-time' }), Type.Null()], { description });

export const WAITING_REASONS = ['no_box', 'too_large', 'cordoned', 'memory', 'slots', 'exclusive', 'gpus', 'quota_runs', 'quota_time', 'quota_storage', 'making_room', 'behind', 'kept', 'share', 'starting'] as const;
export const START_CHANGES = ['memory', 'batch', 'not_exclusive', 'fewer_devices', 'cpu', 'priority', 'quota', 'storage'] as const;

const WaitingReason = strictObject(
  { code: oneOf(WAITING_REASONS, { description: 'For machines.' }), message: Type.String({ description: 'In words.' }) },
  { description: 'What keeps it from starting now; of several, that which would last longest.' },
);

const StartEstimate = strictObject(
  {
    likely: timeOrNull('If all takes as long as it did before, and as much later as forecasts were off of late; null where that is too far off to tell, or never.'),
    earliest: timeOrNull('A tenth of the runs start sooner, by what happened of late; at most if all takes six tenths of the time.'),
    latest: timeOrNull('A tenth of the runs start later; at least if all takes almost twice as long; null where nobody can say.'),
  },
  { description: 'When it is likely to start: the policy is played forward, and corrected by how far off that was in the last seven days, once twenty runs tell.' },
);

export const StartChange = strictObject(
  {
    type: oneOf(START_CHANGES, { description: 'What would be different.' }),
    message: Type.String({ description: 'In words.' }),
    memoryMiB: Type.Optional(Type.Number({ description: 'MiB of each device that it would ask for.' })),
    batchSize: Type.Optional(Type.Number({ description: 'Examples in a step.' })),
    devices: Type.Optional(Type.Number({ description: 'How many.' })),
    priority: Type.Optional(Type.Number({ description: 'The lowest that does.' })),
    at: Type.Optional(time('When.')),
  },
  { $id: 'StartChange', description: 'Something that would let a waiting run start now, or says when its team may.' },
);
export type StartChange = Static<typeof StartChange>;

const outlook = {
  position: Type.Integer({ minimum: 1, description: 'Its place among all that wait, the next first.' }),
  positionInTeam: Type.Integer({ minimum: 1, description: 'Its place among those of its team.' }),
  reason: WaitingReason,
  estimatedStart: StartEstimate,
};

export const QueueEntry = strictObject({ runId: RunId, ...outlook, queuedAt: time('Since when it waits.') }, { $id: 'QueueEntry', description: 'A run that waits.' });
export type QueueEntry = Static<typeof QueueEntry>;

export const QueueOutlook = strictObject(
  { ...outlook, wouldStart: Type.Array(ref(StartChange), { description: 'What would let it start now.' }) },
  { $id: 'QueueOutlook', description: 'How a run stands in the queue, or would if it were submitted now.' },
);
export type QueueOutlook = Static<typeof QueueOutlook>;

const EstimateAccuracy = strictObject(
  {
    count: Type.Integer({ minimum: 0, description: 'Estimates of the last seven days whose runs have started.' }),
    medianErrorSeconds: Type.Union([Type.Number(), Type.Null()], { description: 'Half of the runs started within so long of the likely time; null before the first.' }),
    withinInterval: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], { description: 'Of those with a latest time, the part that started between earliest and latest; null before the first.' }),
  },
  { description: 'How good the first estimate of each run was.' },
);

const TeamStanding = strictObject(
  {
    share: Type.Number({ minimum: 0, maximum: 1, description: 'The part of the devices that is due to it: its weight among those of the teams that hold or want some, itself among them.' }),
    used: Type.Number({ minimum: 0, maximum: 1, description: 'Its part of what all teams have used of late, older use counting less; 0 before anybody has used anything. Who is below their share is next.' }),
    leftTodaySeconds: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], { description: 'What is left of its GPU-seconds of today; null without a quota.' }),
  },
  { description: 'How the team stands among the others.' },
);

export const Queue = strictObject(
  {
    team: TeamStanding,
    items: Type.Array(ref(QueueEntry), { description: 'As many as were asked for.' }),
    waiting: Type.Integer({ minimum: 0, description: 'Runs that wait, of all teams.' }),
    running: Type.Integer({ minimum: 0, description: 'Runs on devices, of all teams.' }),
    asOf: time('How things stood then: a few seconds ago at most, and not before a run was moved here.'),
    accuracy: EstimateAccuracy,
  },
  { $id: 'Queue', description: "The team's runs that wait, the next first." },
);
export type Queue = Static<typeof Queue>;
