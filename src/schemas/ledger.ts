// Who used the devices, and what became of it, as the API shows it.
import { Type, type Static } from 'typebox';
import { oneOf, ref, strictObject } from './build.js';
import { DEVICE_KINDS } from './device-kind.js';
import { Handle } from './identity.js';
import { RunId } from './run.js';

export const LEDGER_KEYS = ['team', 'user', 'run', 'day', 'box', 'deviceKind'] as const;
export type LedgerKey = (typeof LEDGER_KEYS)[number];

export const LEDGER_FORMATS = { json: 'application/json', csv: 'text/csv', svg: 'image/svg+xml' } as const;
export type LedgerFormat = keyof typeof LEDGER_FORMATS;

const seconds = (description: string) => Type.Number({ minimum: 0, description });
const time = (description: string) => Type.Unsafe<string>({ type: 'string', anyOf: [{ format: 'date-time' }, { format: 'date' }], description });
const deviceKind = (description: string) => oneOf(DEVICE_KINDS, { description });

const SECONDS = {
  deviceSeconds: seconds('Devices held, times seconds; of a device that others may use as well, the part that it held. The sum of the four that follow, to the last digit.'),
  usefulSeconds: seconds("Of these, on steps up to the end of the run's best epoch; all that are kept, while that is not known."),
  afterBestSeconds: seconds('Of these, on steps after the best epoch.'),
  lostSeconds: seconds('Of these, on steps that a later attempt had to do again; of a run that has failed, those after its latest training state and its best epoch.'),
  idleSeconds: seconds('Of these, held without computing a step: between its start and its first step, after its last one where it hung, or all of it where no step was done.'),
  waitingSeconds: seconds('In line before a start, in seconds of a run, not of a device. It counts once the run has started.'),
  runs: Type.Integer({ minimum: 0, description: 'How many different runs.' }),
};

export const LedgerTotal = strictObject(SECONDS, { $id: 'LedgerTotal', description: 'Device-seconds of all items, by `run` of those of the page, and what became of them.' });
export type LedgerTotal = Static<typeof LedgerTotal>;

export const LedgerItem = strictObject(
  {
    team: Type.Optional(Type.String({ description: 'By `team`, `user` and `run`.' })),
    user: Type.Optional(Type.Union([Type.String(), Type.Null()], { description: 'By `user` and `run`; null where nobody is known to have submitted it.' })),
    runId: Type.Optional(Type.Unsafe<string>({ ...RunId, description: 'By `run`. The run itself may be gone.' })),
    run: Type.Optional(Type.String({ description: 'By `run`: its name, when it last started.' })),
    day: Type.Optional(Type.String({ format: 'date', description: 'By `day`, in UTC.' })),
    box: Type.Optional(Type.String({ description: 'By `box`.' })),
    deviceKind: Type.Optional(deviceKind('By `box` and `deviceKind`.')),
    ...SECONDS,
  },
  { $id: 'LedgerItem', description: 'Device-seconds of one team, user, run, day, box or kind of device.' },
);
export type LedgerItem = Static<typeof LedgerItem>;

export const Ledger = strictObject(
  {
    from: Type.String({ format: 'date-time', description: 'What was held before is left out.' }),
    to: Type.String({ format: 'date-time', description: 'What was held from here on is left out; at most now.' }),
    by: oneOf(LEDGER_KEYS, { description: 'What the items are of.' }),
    items: Type.Array(ref(LedgerItem), { description: 'Those that held the most first; days in their order, each of the period; runs page by page, the newest first.' }),
    total: ref(LedgerTotal),
    nextCursor: Type.Union([Type.String(), Type.Null()], { description: 'Where the next page of runs begins; null when this was the last one, and by anything else, of which there are no pages.' }),
  },
  { $id: 'Ledger', description: 'Who used the devices in a period, and what became of it.' },
);
export type Ledger = Static<typeof Ledger>;

export const LedgerQuery = strictObject({
  from: Type.Optional(time('A time, or a day in UTC; a week before `to` when absent. At most 366 days before it.')),
  to: Type.Optional(time('The same; now when absent.')),
  by: Type.Optional(oneOf(LEDGER_KEYS, { default: 'team', description: 'What to sum up.' })),
  team: Type.Optional(Type.Unsafe<string>({ ...Handle, description: "One's own when absent. Who runs the service may name another, or `all`, though not by `run`." })),
  deviceKind: Type.Optional(deviceKind('Only devices of this kind.')),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'By `run`: page size; 50 when absent.' })),
  cursor: Type.Optional(Type.String({ maxLength: 512, description: 'By `run`: `nextCursor` of the page before.' })),
  format: Type.Optional(oneOf(Object.keys(LEDGER_FORMATS) as LedgerFormat[], { description: 'Instead of what `Accept` asks for.' })),
});
export type LedgerQuery = Static<typeof LedgerQuery>;
