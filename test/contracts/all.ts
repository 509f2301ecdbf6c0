// Every contract of the repositories, by name.
import type { Test } from 'tap';
import { artifactContract } from './artifact-contract.js';
import { eventLogContract } from './event-log-contract.js';
import { leaseContract } from './lease-contract.js';
import { ledgerContract } from './ledger-contract.js';
import { metricContract } from './metric-contract.js';
import { retentionContract } from './retention-contract.js';
import { runContract } from './run-contract.js';
import { runListContract } from './run-list-contract.js';
import type { CreateSubject } from './subject.js';
import { usageContract } from './usage-contract.js';
import { workerContract } from './worker-contract.js';

export const CONTRACTS = {
  runs: runContract,
  'lists of runs': runListContract,
  leases: leaseContract,
  'event log': eventLogContract,
  metrics: metricContract,
  artifacts: artifactContract,
  retention: retentionContract,
  usage: usageContract,
  ledger: ledgerContract,
  workers: workerContract,
} as const satisfies Record<string, (t: Test, createSubject: CreateSubject) => Promise<void>>;
