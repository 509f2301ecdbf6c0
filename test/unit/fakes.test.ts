// The fakes keep the contracts that the real repositories keep (test/integration/db/repositories.test.ts).
import t from 'tap';
import { CONTRACTS } from '../contracts/all.js';
import type { Subject } from '../contracts/subject.js';
import { createFakeArtifactRepository } from '../fakes/artifacts.js';
import { createFakeEventLog, createFakeMetricRepository } from '../fakes/event-log.js';
import { FakeLedgerRepository } from '../fakes/ledger.js';
import { FakeRecords } from '../fakes/records.js';
import { createFakeRetentionRepository } from '../fakes/retention.js';
import { createFakeRunRepository } from '../fakes/run-repository.js';
import { createFakeUsageRepository } from '../fakes/usage.js';
import { FakeWorkerRepository } from '../fakes/services.js';

let teams = 0;

async function createSubject(): Promise<Subject> {
  const records = new FakeRecords();
  const ledger = new FakeLedgerRepository(records);
  return {
    runs: createFakeRunRepository(records),
    events: createFakeEventLog(records),
    metrics: createFakeMetricRepository(records),
    artifacts: createFakeArtifactRepository(records),
    retention: createFakeRetentionRepository(records),
    usage: createFakeUsageRepository(records),
    ledger,
    async addUse(use) {
      ledger.uses.push(use);
    },
    workers: new FakeWorkerRepository(),
    async newTeam() {
      teams += 1;
      return `01890000-0000-7000-9000-${String(teams).padStart(12, '0')}`;
    },
    async ageIdempotencyKeys(ms) {
      for (const known of records.idempotencyKeys.values()) known.at -= ms;
    },
  };
}

for (const [name, contract] of Object.entries(CONTRACTS)) void t.test(name, (t) => contract(t, createSubject));
