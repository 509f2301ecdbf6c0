// Bytes that some free while others store the same ones: what the index names is always there.
import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { createArtifactRepository } from '../../../src/artifacts/artifact-repository.js';
import { holdStore, STORE_LOCK } from '../../../src/artifacts/store-lock.js';
import { sweepOrphans } from '../../../src/artifacts/orphan-sweep.js';
import type { ArtifactStore } from '../../../src/artifacts/store.js';
import { artifactsDir } from '../../../src/config.js';
import { createDatasetCatalog } from '../../../src/datasets/catalog.js';
import { createRunService } from '../../../src/runs/service.js';
import { RunFiles } from '../../../workers/run-files.js';
import { testLog } from '../../helpers/config.js';
import { newRun } from '../../contracts/subject.js';
import { until } from '../../helpers/poll.js';
import { box, type Box } from './harness.js';

const MODEL: Parameters<RunFiles['keepModel']>[0] = { type: 'artifacts', files: [{ path: 'model/model.json', file: 'model.json', contentType: 'application/json' }], epoch: 1, step: 1, metrics: {} };

/** A run that this test holds as its worker. */
async function heldRun({ submit, stores, config }: Box) {
  const { id, spec } = await submit();
  const fence = { runId: id, attempt: 1 };
  await stores.lifecycle.claim(fence, 'the test');
  const scratch = join(config.dataDir, 'scratch', id);
  await mkdir(scratch, { recursive: true });
  await writeFile(join(scratch, 'model.json'), 'the model of each of these runs');
  return { id, scratch, files: new RunFiles({ ...stores, fence, spec, scratch }), end: () => stores.runs.change(id, { to: 'failed', attempt: 1, reason: 'internal' }) };
}

async function isThere({ stores }: Box, id: string): Promise<boolean> {
  const stored = await Promise.all((await stores.artifacts.list(id)).map(({ sha256 }) => stores.store.isSound(sha256)));
  return stored.length > 0 && !stored.includes(false);
}

/** Whether a session of this database waits for another one's lock. */
async function waits(t: Test, { stores }: Box): Promise<() => Promise<boolean>> {
  if (stores.queueConnection.kind !== 'postgres') throw new Error('these tests are on PostgreSQL alone');
  const admin = new pg.Client({ connectionString: stores.queueConnection.url });
  await admin.connect();
  t.teardown(() => admin.end());
  return async () => (await admin.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)).rowCount === 1;
}

t.test('who stores bytes that are just being freed stores them again', async (t) => {
  const place = await box(t);
  const isWaiting = await waits(t, place);
  const [first, second] = [await heldRun(place), await heldRun(place)];
  await first.files.keepModel(MODEL);
  await first.end();
  const { stores, teamId } = place;
  const keeping: Promise<unknown>[] = [];
  const remove = async (sha256: string) => {
    // The second run comes between the look into the index and the removal.
    keeping.push(second.files.keepModel(MODEL));
    await until(isWaiting, { what: 'the second run to wait' });
    await stores.store.remove(sha256);
  };
  const deleting = createRunService({ ...stores, store: { ...stores.store, remove }, datasets: createDatasetCatalog(), limits: { limitBytes: 2 ** 34 }, outlook: () => Promise.reject(new Error('nobody asks')), onReordered: () => undefined, onError: (error) => t.error(error) });
  await deleting.delete(teamId, first.id);
  t.equal(keeping.length, 1, 'the bytes were freed');
  await Promise.all(keeping);
  t.ok(await isThere(place, second.id), 'the other run has them');
});

t.test('who frees bytes that are just being stored finds that they are in use', async (t) => {
  const place = await box(t);
  const { database, artifacts, store } = place.stores;
  const isWaiting = await waits(t, place);
  const run = await heldRun(place);
  const { sha256 } = await store.put(join(run.scratch, 'model.json'));
  const both: Promise<unknown>[] = [];
  await database.$transaction(async (session) => {
    await session.$executeRaw`LOCK TABLE artifacts IN SHARE MODE`;
    both.push(run.files.keepModel(MODEL));
    const isAtItsInsert = async () => (await session.$queryRaw<unknown[]>`SELECT 1 FROM pg_locks WHERE relation = 'artifacts'::regclass AND NOT granted`).length === 1;
    await until(isAtItsInsert, { what: 'the run to come as far as its last statement' });
    t.strictSame(await artifacts.unreferenced([sha256]), [sha256], 'its file is not in the index yet');
    both.push(artifacts.free([sha256], async () => void t.fail('they are freed')));
    await until(isWaiting, { what: 'the one who frees to wait' });
  });
  await Promise.all(both);
  t.ok(await isThere(place, run.id), 'the run has them');
});

t.test('who frees much lets others in between, and removes nothing without the lock', async (t) => {
  const { stores: { database } } = await box(t);
  const artifacts = createArtifactRepository(database, { lockedMs: 20 });
  const hashes = Array.from({ length: 6 }, (_, index) => String(index).repeat(64));
  const removed: string[] = [];
  const isHeld = async () => (await database.$queryRaw<unknown[]>`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted AND (classid::bigint << 32) + objid::bigint = ${STORE_LOCK}::bigint AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).length > 0;
  let othersHadIt: readonly string[] | null = null;
  await artifacts.free(hashes, async (sha256) => {
    t.ok(await isHeld());
    if (removed.length === 0) void database.$transaction(async (session) => { await holdStore(session); othersHadIt = [...removed]; });
    const begun = performance.now();
    await until(() => performance.now() - begun > 30, { what: 'a slow store' });
    removed.push(sha256);
  });
  t.strictSame(removed, hashes);
  t.ok(othersHadIt !== null && (othersHadIt as string[]).length < hashes.length, 'one who stores something need not wait for all of it');
});

t.test('a fork has the bytes that it takes over, although the other run replaces them meanwhile', async (t) => {
  const place = await box(t);
  const { database, artifacts, store, runs } = place.stores;
  const isWaiting = await waits(t, place);
  const parent = await heldRun(place);
  const keepState = async (content: string) => {
    await writeFile(join(parent.scratch, 'state'), content);
    await parent.files.keepState({ type: 'checkpoint', file: 'state', epoch: 0, step: 1, metrics: {} });
  };
  await keepState('taken over');
  const [state] = await artifacts.resumeCheckpoints(parent.id);
  const both: Promise<unknown>[] = [];
  await database.$transaction(async (session) => {
    await session.$executeRaw`LOCK TABLE idempotency_keys IN SHARE MODE`;
    both.push(runs.create(newRun(place.teamId, { fork: { runId: parent.id, step: 1, path: state?.path ?? '' }, idempotency: { key: 'k', fingerprint: 'a'.repeat(64) } })));
    await until(async () => (await session.$queryRaw<unknown[]>`SELECT 1 FROM pg_locks WHERE relation = 'idempotency_keys'::regclass AND NOT granted`).length === 1, { what: 'the fork to come as far as its key, which is its last row' });
    both.push(keepState('kept anew by a later attempt'));
    await until(isWaiting, { what: 'the other run to be about to free what it has replaced' });
  });
  await Promise.all(both);
  t.ok(await store.has(state?.sha256 ?? ''), 'it is in use');
});

/** One that takes any stored orphan, however young; what is being put has nothing but its age to tell. */
const sweep = ({ stores, teamId }: Box, changes: Partial<ArtifactStore> = {}) =>
  sweepOrphans({ ...stores, store: { ...stores.store, removeIncoming: async () => 0, ...changes }, owner: teamId, log: testLog(), graceMs: -60_000 });

t.test('the sweep of orphans takes neither what came into the index meanwhile nor what is on its way there', async (t) => {
  const place = await box(t);
  const { store } = place.stores;
  const [first, second] = [await heldRun(place), await heldRun(place)];
  await store.put(join(first.scratch, 'model.json'));
  await sweep(place, {
    async *list() {
      for await (const files of store.list()) {
        if (files.length > 0) await first.files.keepModel(MODEL);
        yield files;
      }
    },
  });
  t.ok(await isThere(place, first.id), 'what it saw as an orphan is in use when it comes to take it');
  await first.end();
  await place.runs.delete(place.teamId, first.id);

  const isWaiting = await waits(t, place);
  await store.put(join(second.scratch, 'model.json'));
  const keeping: Promise<unknown>[] = [];
  await sweep(place, {
    async remove(sha256) {
      keeping.push(second.files.keepModel(MODEL));
      await until(isWaiting, { what: 'the run to have stored its file and wait for the index' });
      await store.remove(sha256);
    },
  });
  await Promise.all(keeping);
  t.equal(keeping.length, 1, 'it was taken');
  t.ok(await isThere(place, second.id), 'and stored again');
});

t.test('many runs with the same bytes come and go at once, and sweeps with them', async (t) => {
  const place = await box(t);
  const { runs, teamId } = place;
  const comeAndGo = async () => {
    for (let count = 0; count < 12; count += 1) {
      const run = await heldRun(place);
      await run.files.keepModel(MODEL);
      const wasThere = await isThere(place, run.id);
      await run.end();
      if (!wasThere || !(await isThere(place, run.id))) t.fail('a run lost its bytes');
      await runs.delete(teamId, run.id);
    }
  };
  let going = true;
  const sweepOn = async () => {
    while (going) await sweep(place);
  };
  const sweeping = sweepOn();
  await Promise.all([comeAndGo(), comeAndGo(), comeAndGo()]).finally(() => {
    going = false;
  });
  await sweeping;
  t.strictSame(await place.stores.database.artifact.count(), 0, 'all have gone');
  const left = readdirSync(join(artifactsDir(place.config)), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  t.strictSame(left.map(({ name }) => name), ['owner'], 'and so have the bytes');
});
