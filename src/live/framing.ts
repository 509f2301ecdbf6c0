// How what the hub tells is written for a transport, and the way of the WebSocket.
import type { EventKind } from '../schemas/event.js';
import type { EndMessage, ServerMessage } from '../schemas/live.js';

/** An event as a feed keeps it: serialised once, for all who watch. */
export interface FeedEvent {
  seq: number;
  kind: EventKind;
  /** The event as the REST route shows it. */
  json: string;
}

export interface Framing {
  /** Empty when its clients do not want the event. */
  event(runId: string, event: FeedEvent): string;
  message(message: ServerMessage | EndMessage): string;
  /** Stands between two of these. */
  separator: string;
  /** A frame of `count` of these. */
  frame(text: string, count: number): string;
}

/** Consecutive events, written. */
export interface Chunk {
  text: string;
  count: number;
  /** Number of its last event. */
  last: number;
}

/** Writes `events[start]` and following, whole ones, at least one, until they have about `budget` bytes. */
export function writeChunk(runId: string, events: readonly FeedEvent[], { start, budget, framing }: { start: number; budget: number; framing: Framing }): Chunk {
  const texts: string[] = [];
  let bytes = 0;
  let last = 0;
  for (let index = start; index < events.length && (index === start || bytes < budget); index += 1) {
    const event = events[index]!;
    const text = framing.event(runId, event);
    texts.push(text);
    bytes += text.length + 1;
    last = event.seq;
  }
  return { text: texts.join(framing.separator), count: texts.length, last };
}

/** `trainyard.v1`: a frame is one JSON message or an array of them. */
export const messageFraming: Framing = {
  event: (runId, { json }) => `{"type":"event","runId":"${runId}",${json.slice(1)}`,
  message: (message) => JSON.stringify(message),
  separator: ',',
  frame: (text, count) => (count === 1 ? text : `[${text}]`),
};
