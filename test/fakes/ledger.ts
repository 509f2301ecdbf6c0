// Uses of devices in memory, as a test adds them.
import type { LedgerRepository, UseQuery } from '../../src/ledger/repository.js';
import type { DeviceUse } from '../../src/ledger/split.js';
import type { FakeRecords } from './records.js';

export class FakeLedgerRepository implements LedgerRepository {
  readonly uses: DeviceUse[] = [];
  readonly #records: FakeRecords;

  constructor(records: FakeRecords) {
    this.#records = records;
  }

  async *listUses({ from, to, team, deviceKind, after, limit }: UseQuery): AsyncGenerator<DeviceUse[]> {
    await this.#records.statement();
    const isAsked = (use: DeviceUse) => team === undefined || ('id' in team ? use.teamId === team.id : use.team === team.name);
    const touches = ({ queuedAt, endedAt }: DeviceUse) => queuedAt.getTime() < to && (endedAt === null || endedAt.getTime() > from);
    const isOf = (use: DeviceUse) => (deviceKind === undefined || use.deviceKind === deviceKind) && (after === undefined || use.runId < after);
    const runs = new Set(this.uses.filter((use) => isAsked(use) && touches(use) && isOf(use)).map(({ runId }) => runId));
    for (const runId of [...runs].sort().reverse().slice(0, limit)) yield structuredClone(this.uses.filter((use) => use.runId === runId).sort((a, b) => a.attempt - b.attempt));
  }

  async knowsTeam(name: string): Promise<boolean> {
    await this.#records.statement();
    return this.uses.some(({ team }) => team === name);
  }
}
