// How much one live connection may ask for, and how much the hub keeps for it. Bytes are counted in
// UTF-16 units of the JSON text, which is ASCII but for names and log lines.
export interface LiveLimits {
  /** Clients at once; a further one is closed with 1013. */
  connections: number;
  /** Shortest time between two frames of live events to one client; past ones go as fast as it takes them. */
  frameIntervalMs: number;
  /** A frame is closed once it holds this much. */
  frameBytes: number;
  /** A client with more unsent bytes than this is sent no further events... */
  highBytes: number;
  /** ...until it has no more than this. */
  lowBytes: number;
  /** A client with more unsent bytes than this is closed with 1013. */
  hardBytes: number;
  /** So is one that took nothing for this long while it was over `highBytes`. */
  stallMs: number;
  /** How often unsent bytes are looked at while a client is over `highBytes`. */
  drainEveryMs: number;
  /** Time between two `lagging` messages of a run. */
  laggingEveryMs: number;
  /** Events that one reading of the log asks for. */
  pageEvents: number;
  /** Readings of the log under way at once, over all runs. */
  concurrentReads: number;
  /** Latest events of a watched run that are kept in memory. */
  tailEvents: number;
  tailBytes: number;
  /** How often heads are compared with the log, in case a notice was lost. */
  checkEveryMs: number;
  subscriptions: number;
  messageBytes: number;
  messagesPerSecond: number;
  /** Messages that a client may send ahead of their answers. */
  pendingMessages: number;
  /** Malformed messages before the connection is closed with 1008. */
  malformedMessages: number;
}

export const LIVE_LIMITS: LiveLimits = {
  connections: 1000,
  frameIntervalMs: 50,
  frameBytes: 128 * 1024,
  highBytes: 512 * 1024,
  lowBytes: 128 * 1024,
  hardBytes: 4 * 1024 * 1024,
  stallMs: 30_000,
  drainEveryMs: 100,
  laggingEveryMs: 1000,
  pageEvents: 250,
  concurrentReads: 8,
  tailEvents: 1024,
  tailBytes: 1024 * 1024,
  checkEveryMs: 2000,
  subscriptions: 128,
  messageBytes: 4096,
  messagesPerSecond: 100,
  pendingMessages: 256,
  malformedMessages: 5,
};
