// Rows that every installation has: the first team, and the built-in data sets as the code knows them.
import type { DatasetInfo } from '../datasets/catalog.js';
import type { Database } from './client.js';

export const DEFAULT_TEAM = 'default';

/** Idempotent. Answers the id of the default team. */
export async function seedDatabase(database: Database, datasets: readonly DatasetInfo[]): Promise<string> {
  const team = await database.team.upsert({ where: { name: DEFAULT_TEAM }, create: { name: DEFAULT_TEAM }, update: {} });
  for (const { name, ...facts } of datasets) {
    await database.dataset.upsert({ where: { name }, create: { name, ...facts }, update: facts });
  }
  return team.id;
}
