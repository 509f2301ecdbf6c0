// The service's own search for what a kill has left on the disk, without the hour that it otherwise waits.
import { hostname } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createArtifactRepository } from '../../../src/artifacts/artifact-repository.js';
import { sweepOrphans } from '../../../src/artifacts/orphan-sweep.js';
import { createDiskArtifactStore } from '../../../src/artifacts/store.js';
import { connectDatabase } from '../../../src/db/client.js';
import { sweepScratch } from '../../../workers/scratch.js';
import type { Stage } from '../stage.js';

/** While nothing trains. */
export async function sweep({ dataDir, database: { url }, processes }: Stage): Promise<void> {
  const database = connectDatabase({ url: url(), maxConnections: 1 });
  try {
    const { id: owner } = await database.team.findFirstOrThrow({ select: { id: true } });
    const store = createDiskArtifactStore(join(dataDir, 'artifacts'));
    await sweepOrphans({ store, artifacts: createArtifactRepository(database), owner, log: pino({ level: 'silent' }), graceMs: -1_000 });
  } finally {
    await database.$disconnect();
  }
  await sweepScratch(join(dataDir, 'scratch'), { heardOf: processes('supervisor').map(({ pid }) => ({ host: hostname(), pid })), before: Infinity });
}
