// Boxes: machines with devices, as the API shows them.
import { Type, type Static } from 'typebox';
import { oneOf, page, strictObject } from './build.js';

/** What a box may be told: to take no new runs, to let go of those that it has, or that it belongs to the service no more. */
export const BOX_PHASES = ['open', 'cordoned', 'draining', 'removed'] as const;
export type BoxPhase = (typeof BOX_PHASES)[number];

export const BOX_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';
export const BoxName = Type.String({ pattern: BOX_NAME_PATTERN, description: 'Letters, digits, dots, dashes and underscores.' });

const phase = oneOf(['open', 'cordoned', 'draining'], { description: '`cordoned` takes no new runs; `draining` also lets go of those that it has, which wait again with their training state kept.' });

export const Box = strictObject(
  {
    name: BoxName,
    phase,
    alive: Type.Boolean({ description: 'Whether a supervisor of it was heard of lately.' }),
    runs: Type.Integer({ minimum: 0, description: 'Runs that have a place there.' }),
    hasToken: Type.Boolean({ description: 'Whether its supervisor must show a token.' }),
    createdAt: Type.String({ format: 'date-time', description: 'Since when it is known.' }),
  },
  { $id: 'Box', description: 'A machine that trains.' },
);
export type Box = Static<typeof Box>;

export const BoxPage = page(Box, 'BoxPage');
export type BoxPage = Static<typeof BoxPage>;

export const NewBox = strictObject({ name: BoxName }, { $id: 'NewBox', description: 'A machine that is to join.' });

export const CreatedBox = strictObject(
  { ...Box.properties, token: Type.String({ description: 'What its supervisor must be given as `TRAINYARD_WORKER_TOKEN`; shown this once.' }) },
  { $id: 'CreatedBox', description: 'A machine that may join, with its token.' },
);
export type CreatedBox = Static<typeof CreatedBox>;

export const BoxChange = strictObject({ phase }, { $id: 'BoxChange', description: 'What a box is told.' });
