// What can be done to a service while it trains: every kind of fault, where it is possible, how long it lasts, and
// whether a run may have to be started again for it.

/** The ways to run the service: its queue and bus on Redis or on PostgreSQL with API and workers apart, or all in one tree. */
export const STAGES = ['redis', 'postgres', 'embedded'] as const;
export type StageKind = (typeof STAGES)[number];

/** Of the services under test. */
export const LEASE_MS = 2_000;

export interface Fault {
  stages: readonly StageKind[];
  /** Where a run may lose a start by it, which counts as a retry. Elsewhere training goes on through it. */
  costsStart: readonly StageKind[];
  /** Where a worker may end so suddenly that it leaves files behind, which are found and freed later. */
  leavesFiles?: readonly StageKind[];
  /** Shortest and longest, in leases; absent where it is over at once. */
  lasts?: readonly [number, number];
}

const ALL = STAGES;
const APART = ['redis', 'postgres'] as const;
const NOWHERE = [] as const;

export const FAULTS = kindsOf({
  'trainer-kill': { stages: ALL, costsStart: ALL },
  /** SIGSTOP, never continued. */
  'trainer-freeze': { stages: ALL, costsStart: ALL },
  'supervisor-kill': { stages: ALL, costsStart: ALL, leavesFiles: ALL },
  /** SIGSTOP, continued when its lease has run out. */
  'supervisor-freeze': { stages: ALL, costsStart: ALL, lasts: [1.3, 1.8] },
  /** In order, by SIGTERM; but what takes too long is cut short. */
  'supervisor-stop': { stages: ALL, costsStart: NOWHERE, leavesFiles: ALL },
  /** In one tree, the supervisor and the database end with it. */
  'api-kill': { stages: ALL, costsStart: ['embedded'], leavesFiles: ['embedded'] },
  'api-stop': { stages: ALL, costsStart: NOWHERE, leavesFiles: ['embedded'] },
  'tree-kill': { stages: ALL, costsStart: ALL, leavesFiles: ALL },
  'database-kill': { stages: ALL, costsStart: NOWHERE },
  'database-away': { stages: ALL, costsStart: NOWHERE, lasts: [1.2, 1.8] },
  'database-cut-from-api': { stages: APART, costsStart: NOWHERE, lasts: [0.1, 1.5] },
  'database-hangs-for-api': { stages: APART, costsStart: NOWHERE, lasts: [0.1, 1.5] },
  'database-cut-from-worker': { stages: APART, costsStart: APART, lasts: [0.1, 1.7] },
  'database-hangs-for-worker': { stages: APART, costsStart: APART, lasts: [0.1, 1.7] },
  'redis-kill': { stages: ['redis'], costsStart: NOWHERE, lasts: [0, 1] },
  /** Killed, and it comes back empty. */
  'redis-loss': { stages: ['redis'], costsStart: NOWHERE, lasts: [0, 1] },
  'redis-flush': { stages: ['redis'], costsStart: NOWHERE },
  'redis-cut': { stages: ['redis'], costsStart: NOWHERE, lasts: [0.1, 1.5] },
  'redis-hangs': { stages: ['redis'], costsStart: NOWHERE, lasts: [0.1, 1.5] },
  'disk-full': { stages: ALL, costsStart: NOWHERE, lasts: [0.3, 1.2] },
  /** Paused on request, then resumed. */
  'pause': { stages: ALL, costsStart: NOWHERE },
  /** Whoever watches loses the connection. */
  'watcher-cut': { stages: ALL, costsStart: NOWHERE },
});
/** Keeps the names, and nothing narrower. */
function kindsOf<K extends string>(faults: Record<K, Fault>): Record<K, Fault> {
  return faults;
}

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];
