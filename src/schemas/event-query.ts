// How clients read the event log.
import { Type, type Static } from 'typebox';
import { strictObject } from './build.js';

/** Events on a page whose length the client leaves open. */
export const DEFAULT_EVENT_LIMIT = 500;

const eventNumber = { minimum: 0, maximum: 2 ** 31 - 1 };
const after = Type.Optional(Type.Integer({ ...eventNumber, description: 'Number of the last event seen; 0 when absent.' }));
const limitOf = (description: string) => Type.Optional(Type.Integer({ minimum: 1, maximum: 5000, description }));
const mostEvents = `Most events in the answer; ${DEFAULT_EVENT_LIMIT} when absent`;

export const LogQuery = strictObject({ after, limit: limitOf(`${mostEvents}.`) });
export type LogQuery = Static<typeof LogQuery>;

export const EventQuery = strictObject({
  after,
  limit: limitOf(`${mostEvents}. Not for a stream.`),
  kind: Type.Optional(Type.String({ description: 'One kind of event, or several with commas between; all when absent.' })),
});
export type EventQuery = Static<typeof EventQuery>;

export const EventHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.Integer({ ...eventNumber, description: 'For a stream, instead of `after`: an EventSource sends it when it connects again.' })),
});
