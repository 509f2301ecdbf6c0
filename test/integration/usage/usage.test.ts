// What the service says is on the disk is what the file system says, whatever happens to runs and their files.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { deleteFiles } from '../../../src/artifacts/deletion.js';
import { sweepOrphans } from '../../../src/artifacts/orphan-sweep.js';
import { artifactsDir, scratchDir } from '../../../src/config.js';
import type { Usage } from '../../../src/schemas/usage.js';
import { createDisk } from '../../../src/usage/disk.js';
import { createUsageService } from '../../../src/usage/service.js';
import { RunFiles } from '../../../workers/run-files.js';
import { testLog } from '../../helpers/config.js';
import { box, type Box } from '../workers/harness.js';

const HOUR_MS = 3600_000;

function filesBelow(folder: string) {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = new Map(names.map((name) => [statSync(name).ino, statSync(name)]));
  const sum = (size: (stat: { size: number; blocks: number }) => number) => [...found.values()].reduce((total, stat) => total + size(stat), 0);
  return { files: found.size, bytes: sum(({ size }) => size), diskBytes: sum(({ blocks }) => blocks * 512) };
}

const hasDu = spawnSync('du', ['--version']).stdout?.includes('GNU') ?? false;
const du = (folder: string, flag: '--apparent-size' | '--block-size=1') =>
  Number(execFileSync('sh', ['-c', 'find "$0" -type f -print0 | du --files0-from=- -c --block-size=1 "$1" | tail -n 1', folder, flag], { encoding: 'utf8' }).split('\t', 1)[0]);

/** Two runs with the same model.json, weights of their own, and two states each. */
async function trainedRuns({ submit, stores, config }: Box): Promise<string[]> {
  const ids = [];
  for (const name of ['first', 'second']) {
    const { id, spec } = await submit();
    const fence = { runId: id, attempt: 1 };
    await stores.lifecycle.claim(fence, 'the test');
    const scratch = join(scratchDir(config), id);
    mkdirSync(scratch, { recursive: true });
    const files = new RunFiles({ ...stores, fence, spec: { ...spec, checkpoints: { keepLast: 2 } }, scratch });
    for (const step of [1, 2]) {
      writeFileSync(join(scratch, 'state'), `${name} ${step} `.repeat(5_000 * step));
      await files.keepState({ type: 'checkpoint', file: 'state', epoch: 0, step, metrics: {} });
    }
    writeFileSync(join(scratch, 'model.json'), '{"a": "model"}'.repeat(100));
    writeFileSync(join(scratch, 'weights.bin'), name.repeat(10_000));
    const kept = ['model.json', 'weights.bin'].map((file) => ({ path: `model/${file}`, file, contentType: '' }));
    await files.keepModel({ type: 'artifacts', files: kept, epoch: 1, step: 2, metrics: {} });
    await stores.runs.change(id, { to: 'failed', attempt: 1, reason: 'internal' });
    ids.push(id);
  }
  return ids;
}

async function stage(t: Test) {
  const place = await box(t);
  const { stores, config, teamId } = place;
  const ask = () => createUsageService({ usage: stores.usage, disk: createDisk(config.dataDir) }).get(teamId);
  /** Answers what it says, when that is so. */
  async function agrees(t: Test, when: string): Promise<Usage> {
    const usage = await ask();
    t.strictSame(usage.files.total, filesBelow(config.dataDir), `${when}: all is there`);
    const { models, trainingStates, orphans, incoming, other } = usage.files;
    const stored = { ...filesBelow(artifactsDir(config)) };
    const said = [models, trainingStates, orphans, incoming, other].reduce((a, b) => ({ files: a.files + b.files, bytes: a.bytes + b.bytes, diskBytes: a.diskBytes + b.diskBytes }));
    t.strictSame(said, stored, `${when}: and so is what is stored`);
    if (hasDu) t.strictSame([said.bytes, said.diskBytes], [du(artifactsDir(config), '--apparent-size'), du(artifactsDir(config), '--block-size=1')], `${when}: du says the same`);
    return usage;
  }
  return { ...place, agrees };
}

t.test('through training, deletion, a kill and the sweep', async (t) => {
  const place = await stage(t);
  const { stores, config, runs, teamId, agrees } = place;
  const { store, artifacts } = stores;
  const [first = '', second = ''] = await trainedRuns(place);
  mkdirSync(join(scratchDir(config), 'left'));
  writeFileSync(join(scratchDir(config), 'left', 'half'), 'x'.repeat(5_000));
  const full = await agrees(t, 'trained');
  const [shared, weights, states] = [1_400, { first: 50_000, second: 60_000 }, { first: 40_000 + 80_000, second: 45_000 + 90_000 }];
  t.match(full.files, {
    models: { files: 3, bytes: shared + weights.first + weights.second }, trainingStates: { files: 4, bytes: states.first + states.second },
    orphans: { files: 0 }, incoming: { files: 0 }, scratch: { files: 1, bytes: 5_000 }, database: { files: 0 },
  });
  t.strictSame(full.runs, [
    { id: second, name: 'mnist run', state: 'failed', ownBytes: weights.second + states.second, sharedBytes: shared },
    { id: first, name: 'mnist run', state: 'failed', ownBytes: weights.first + states.first, sharedBytes: shared },
  ]);
  t.ok(full.fileSystem.freeBytes > 0 && full.fileSystem.totalBytes > full.fileSystem.freeBytes);

  await deleteFiles({ runs, artifacts, store, teamId, runId: first, path: 'checkpoints', onError: (error) => t.error(error) });
  const leaner = await agrees(t, 'without the states of one');
  t.strictSame(leaner.files.trainingStates.bytes, states.second);

  await runs.delete(teamId, second);
  const alone = await agrees(t, 'without the other');
  t.equal(leaner.files.total.bytes - alone.files.total.bytes, weights.second + states.second, 'what was its own is free');
  t.strictSame(alone.runs, [{ id: first, name: 'mnist run', state: 'failed', ownBytes: weights.first + shared, sharedBytes: 0 }], 'what was shared is now the last one\'s own');

  // As a kill leaves them: put and not indexed, and not yet put.
  writeFileSync(join(config.dataDir, 'orphan'), 'y'.repeat(7_000));
  await store.put(join(config.dataDir, 'orphan'));
  t.match((await agrees(t, 'under two names')).files, { orphans: { files: 1, bytes: 7_000 } });
  rmSync(join(config.dataDir, 'orphan'));
  writeFileSync(join(artifactsDir(config), 'incoming', 'half'), 'z'.repeat(3_000));
  const killed = await agrees(t, 'after a kill');
  t.match(killed.files, { orphans: { files: 1, bytes: 7_000 }, incoming: { files: 1, bytes: 3_000 }, models: alone.files.models });

  const sweep = (afterMs: number) => sweepOrphans({ store, artifacts, owner: teamId, log: testLog(), now: () => Date.now() + afterMs });
  await sweep(HOUR_MS / 2);
  t.match((await agrees(t, 'after a sweep within the grace')).files, { orphans: { files: 1 }, incoming: { files: 1 } });
  await sweep(2 * HOUR_MS);
  t.match((await agrees(t, 'after the sweep')).files, { orphans: { files: 0 }, incoming: { files: 0 }, models: alone.files.models });

  await runs.delete(teamId, first);
  const { files } = await agrees(t, 'without any run');
  t.equal(files.models.bytes + files.trainingStates.bytes + files.orphans.bytes, 0, 'nothing is left');
});
