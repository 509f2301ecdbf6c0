import t from 'tap';
import type { Usage } from '../../../src/schemas/usage.js';
import type { Disk } from '../../../src/usage/disk.js';
import { createUsageService } from '../../../src/usage/service.js';
import { FakeArtifactStore } from '../../fakes/artifacts.js';
import { createFakeUsageRepository, FakeDisk } from '../../fakes/usage.js';
import { FakeRecords } from '../../fakes/records.js';
import { problemOf, startApi } from '../../helpers/api.js';
import { runningRun } from '../../helpers/trained-run.js';

const place = (sha256: string) => `artifacts/${sha256.slice(0, 2)}/${sha256}`;

t.test('every file is counted once, where it belongs', async (t) => {
  const api = await startApi(t);
  const { id, name } = await runningRun(api);
  const [model, state, orphan] = [api.store.add('model'), api.store.add('the state'), api.store.add('an orphan')];
  await api.artifacts.addCheckpoint({ runId: id, attempt: 1 }, { kind: 'final', epoch: 1, step: 1, metrics: {}, path: 'model', files: [{ path: 'model/x', contentType: '', ...model }] });
  await api.artifacts.addCheckpoint({ runId: id, attempt: 1 }, { kind: 'resume', epoch: 1, step: 1, metrics: {}, path: 'states/1', files: [{ path: 'states/1', contentType: '', ...state }] });
  const { sizes, identities } = api.disk;
  for (const [path, bytes] of Object.entries({
    'artifacts/incoming/1': 100, 'artifacts/owner': 36, [`artifacts/zz/${model.sha256}`]: 1000,
    'scratch/box.7/a-run.1/checkpoint-1': 9, 'scratch/box.7/a-run.1/half': 4097, 'postgres/cluster/base/1': 8192, 'postgres/server.log': 1, 'notes.txt': 2,
  })) sizes.set(path, bytes);
  for (const { sha256, bytes } of [model, state, orphan]) sizes.set(place(sha256), bytes);
  // What is in the store already has its name in the scratch folder for another moment.
  for (const path of [place(state.sha256), 'scratch/box.7/a-run.1/checkpoint-1']) identities.set(path, 'one file');
  const { measuredAt, ...usage } = (await api.get('/v1/usage')).json<Usage>();
  t.ok(Math.abs(Date.parse(measuredAt) - Date.now()) < 60_000);
  const of = (files: number, bytes: number, blocks: number) => ({ files, bytes, diskBytes: blocks * 4096 });
  t.strictSame(usage, {
    files: {
      models: of(1, 5, 1), trainingStates: of(1, 9, 1), orphans: of(1, 9, 1), incoming: of(1, 100, 1), cache: of(0, 0, 0), scratch: of(1, 4097, 2),
      database: of(2, 8193, 3), other: of(3, 1038, 3), total: of(10, 13_451, 12),
    },
    fileSystem: { totalBytes: 1e12, freeBytes: 4e11 },
    database: { totalBytes: 1000, eventBytes: 600, curveBytes: 300, otherBytes: 100 },
    runs: [{ id, name, state: 'running', ownBytes: 14, sharedBytes: 0 }],
  });
});

t.test('what is in a bucket takes none of the disk, and its copies are cache', async (t) => {
  const disk = new FakeDisk();
  const records = new FakeRecords();
  const bucket = new FakeArtifactStore();
  const { sha256 } = bucket.add('an orphan');
  for (const [path, bytes] of Object.entries({ [`cache/files/${sha256}`]: 9, 'cache/held/1-x': 9, 'cache/incoming/1-y': 4, [place(sha256)]: 9 })) disk.sizes.set(path, bytes);
  for (const path of [`cache/files/${sha256}`, 'cache/held/1-x']) disk.identities.set(path, 'one file');
  const { files } = await createUsageService({ usage: createFakeUsageRepository(records), disk, bucket }).get('team');
  t.match(files, {
    orphans: { files: 1, bytes: 9, diskBytes: 0 }, cache: { files: 2, bytes: 13, diskBytes: 8192 }, other: { files: 1, bytes: 9 }, total: { files: 4, bytes: 31, diskBytes: 12_288 },
  }, 'a folder from before is not what is stored');
});

t.test('the disk is looked at once for those who ask at once, and again later', async (t) => {
  const disk = new FakeDisk();
  const records = new FakeRecords();
  let now = 0;
  const service = createUsageService({ usage: createFakeUsageRepository(records), disk, now: () => now });
  const [first, second] = await Promise.all([service.get('team'), service.get('another')]);
  t.equal(first.files, second.files, 'also of another team');
  now = 4_999;
  await service.get('team');
  t.equal(disk.looks, 1);
  now = 5_000;
  t.equal((await service.get('team')).measuredAt, '1970-01-01T00:00:05.000Z');
  t.equal(disk.looks, 2);
  records.down = new Error('away');
  now = 10_000;
  await t.rejects(service.get('team'), { message: 'away' });
  records.down = null;
  t.match(await service.get('team'), { measuredAt: '1970-01-01T00:00:10.000Z' }, 'a failure is not remembered');
});

t.test('the longer it takes to look, the longer it is until the next time', async (t) => {
  const looks: { disk: FakeDisk; tookMs: number; restMs: number }[] = [[100, 5_000], [2_000, 40_000], [3600_000, 600_000]].map(([tookMs, restMs]) => ({ disk: new FakeDisk(), tookMs: tookMs!, restMs: restMs! }));
  for (const { disk, tookMs, restMs } of looks) {
    let now = 0;
    const slow: Disk = { space: () => disk.space(), async *files() { now += tookMs; yield* disk.files(); } };
    const service = createUsageService({ usage: createFakeUsageRepository(new FakeRecords()), disk: slow, now: () => now });
    const looksAfter = async (ms: number) => {
      now += ms;
      await service.get('team');
      return disk.looks;
    };
    t.same([await looksAfter(0), await looksAfter(restMs - 1), await looksAfter(1)], [1, 1, 2], `${tookMs} ms`);
  }
});

t.test('a database that is away is said to be so', async (t) => {
  const api = await startApi(t);
  api.records.down = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  t.equal(problemOf(await api.get('/v1/usage')).code, 'database_unavailable');
});
