// How processes tell each other that a run has news, that somebody wants it stopped, and how busy their devices are.
// Notices may be lost: the event log in the database is the truth, and whoever listens reads it again after a gap.
import type { RunEvent } from '../schemas/event.js';
import type { BoxSamples } from './box-samples.js';

/** The log of a run has grown. */
export interface EventNotice {
  runId: string;
  /** Number of its latest event. */
  head: number;
  /** The events up to `head`, without a gap among them; absent when they are too large to be carried along. */
  events?: RunEvent[];
}

export const RUN_COMMAND_TYPES = ['cancel', 'pause'] as const;
/** Of commands about one run. */
export const ABOUT_RUN = [...RUN_COMMAND_TYPES, 'arrived'] as const;
/** Of those about all. */
export const ABOUT_ALL = ['revoked', 'changed', 'freed', 'leave'] as const;

/** For whoever holds the run's lease. The state in the database says the same, in case the command gets lost. */
export interface RunCommand {
  type: (typeof RUN_COMMAND_TYPES)[number];
  runId: string;
}

/** For who schedules, and those who hold runs: something has changed, which the database says. */
export type ScheduleNotice =
  /** A run waits that did not, or waits otherwise. */
  | { type: 'arrived'; runId: string }
  /** Devices, boxes, or quotas. */
  | { type: 'changed' }
  /** A run has left its devices. */
  | { type: 'freed' }
  /** Some runs are to leave their devices. */
  | { type: 'leave' };

/** For whoever has connections open: some keys are good no more. The database says which. */
export interface RevokedNotice {
  type: 'revoked';
}

export type Command = RunCommand | ScheduleNotice | RevokedNotice;

export interface BusOptions {
  /** `postgres://…` or `redis://host:port/db`. */
  url: string;
  /** Lost connections, which come back by themselves, and what listeners throw. */
  onError?: (error: Error) => void;
}

/** Stops the calls to the listener at once. */
export type Unsubscribe = () => void;

/**
 * Delivers at most once, in order per publisher, to every process that listens at the time, its own included.
 * Survives the store: it connects again by itself, with every listener kept.
 */
export interface Bus {
  /**
   * Resolves when the store has it, which says nothing of the listeners. Without a store it rejects, within two
   * seconds: then nobody hears of it before the gap is reported.
   */
  publishEvents(notice: EventNotice): Promise<void>;
  /** Hears of all runs. */
  onEvents(listener: (notice: EventNotice) => void): Unsubscribe;
  /** Hears of one run; on Redis a process is sent only what it subscribed to. */
  subscribe(runId: string, listener: (notice: EventNotice) => void): Unsubscribe;
  /** As `publishEvents`. */
  sendCommand(command: Command): Promise<void>;
  onCommand(listener: (command: Command) => void): Unsubscribe;
  /** As `publishEvents`. However large, they arrive whole or not at all. */
  publishSamples(samples: BoxSamples): Promise<void>;
  onSamples(listener: (samples: BoxSamples) => void): Unsubscribe;
  /**
   * Called each time that the connection is up again: anything may have been missed, so read it again. Also on a
   * first connection that took long enough for a listener to have missed something.
   */
  onGap(listener: () => void): Unsubscribe;
  /**
   * Resolves when everything listened to so far is really heard. To miss nothing: subscribe, wait for this, then read
   * the log. Rejects when that takes over two seconds; `onGap` is called when it comes true later.
   */
  listening(): Promise<void>;
  /** Resolves when the store answers, and rejects within two seconds when it does not. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
