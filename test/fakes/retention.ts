// What ended runs no longer keep, in memory.
import { START_STATE } from '../../src/artifacts/artifact-repository.js';
import { KEEP_TAG, type RetentionRepository } from '../../src/retention/repository.js';
import { hasEnded } from '../../src/portable/run-states.js';
import type { FakeRecords, RunRecord } from './records.js';

export function createFakeRetentionRepository(records: FakeRecords): RetentionRepository {
  const over = (endedBefore: Date): RunRecord[] =>
    [...records.runs.values()].filter(({ run }) => hasEnded(run.state) && run.endedAt !== null && new Date(run.endedAt) < endedBefore && !run.tags.includes(KEEP_TAG));

  return {
    async dropStates(endedBefore) {
      await records.statement();
      return over(endedBefore).flatMap(({ checkpoints, artifacts }) =>
        [START_STATE, ...[...checkpoints.values()].filter(({ kind }) => kind === 'resume').map(({ path }) => path)].flatMap((path) => {
          const sha256 = artifacts.get(path)?.sha256;
          checkpoints.delete(path);
          artifacts.delete(path);
          return sha256 ?? [];
        }),
      );
    },
    async deleteRun(endedBefore) {
      await records.statement();
      const [first] = over(endedBefore).sort((a, b) => ((a.run.endedAt ?? '') < (b.run.endedAt ?? '') ? -1 : 1));
      if (first === undefined) return null;
      const { id, name } = first.run;
      records.runs.delete(id);
      return { id, name, hashes: [...new Set([...first.artifacts.values()].map(({ sha256 }) => sha256))] };
    },
  };
}
