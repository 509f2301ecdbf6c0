// How a run's events are written as `text/event-stream` (WHATWG HTML, section 9.2). They have no name, so that one
// `onmessage` hears all of them; what is said besides them has one.
import type { EventKind } from '../schemas/event.js';
import type { Framing } from './framing.js';

export const EVENT_STREAM_TYPE = 'text/event-stream';

/** How long a client waits before it connects again. */
const RETRY_MS = 2000;

/** Has the position in it, as a client begins a stream anew without one and any blank line would make it forget. */
export const streamOpening = (position: number) => `retry: ${RETRY_MS}\nid: ${position}\n\n`;

/** Dispatches nothing, but moves a client on past events that it did not ask for. */
export const heartbeat = (position: number) => `:\nid: ${position}\n\n`;

/**
 * A stream that is over before it began, for one that may be asked for again later. It has no blank line, so the
 * client's position stays what it was.
 */
export const streamPutOff = (retryMs: number, why: string) => `retry: ${retryMs}\n: ${why}\n`;

export const streamRemark = (text: string) => `: ${text}\n\n`;

const everything = framingOf(() => true);

/** Writes events of these kinds only. */
export function eventStreamFraming(kinds?: readonly EventKind[]): Framing {
  return kinds === undefined ? everything : framingOf((kind) => kinds.includes(kind));
}

function framingOf(isWanted: (kind: EventKind) => boolean): Framing {
  return {
    event: (_runId, { seq, kind, json }) => (isWanted(kind) ? `id: ${seq}\ndata: ${json}\n\n` : ''),
    // With its number a client that connects again after the end is known to have all, whatever it asked for.
    message: (message) => `event: ${message.type}\n${message.type === 'end' ? `id: ${message.head}\n` : ''}data: ${JSON.stringify(message)}\n\n`,
    separator: '',
    frame: (text) => text,
  };
}
