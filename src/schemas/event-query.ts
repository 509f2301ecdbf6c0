// How clients read the event log.
import { Type, type Static } from 'typebox';
import { strictObject } from './build.js';

const after = Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'Number of the last event seen; 0 when absent.' }));
const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 5000, description: 'Most events in the answer; 500 when absent.' }));

export const LogQuery = strictObject({ after, limit });
export type LogQuery = Static<typeof LogQuery>;

export const EventQuery = strictObject({
  after,
  limit,
  kind: Type.Optional(Type.String({ description: 'One kind of event, or several with commas between; all when absent.' })),
});
export type EventQuery = Static<typeof EventQuery>;
