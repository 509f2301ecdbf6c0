// What killed supervisors leave on the disk is freed by the next one, and what living ones use is not.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { closeScratch, openScratch, sweepScratch } from '../../../workers/scratch.js';

t.test('a supervisor frees the scratch folders of dead ones of its host only', async (t) => {
  const folder = join(t.testdir({}), 'scratch');
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  const left = join(folder, `box.${dead}`, 'a-run.1');
  const elsewhere = join(folder, `other-box.${dead}`);
  const living = join(folder, `box.${process.ppid}`);
  for (const path of [left, elsewhere, living]) mkdirSync(path, { recursive: true });
  const own = await openScratch(folder, { host: 'box', pid: process.pid });
  t.ok(existsSync(own), 'it has a folder of its own');
  t.notOk(existsSync(left), "the dead one's is gone");
  t.ok(existsSync(elsewhere), "another host's stays: its pids say nothing here");
  t.ok(existsSync(living), "a living one's stays");
  await closeScratch(own);
  t.notOk(existsSync(own), 'its own is gone when it stops');
});

t.test('of other hosts it frees those that were not heard of for long', async (t) => {
  const folder = t.testdir({ 'gone.7': { 'a-run.1': { file: 'x' } }, 'living.7': {}, 'box%20a.7': {} });
  const heardOf = [{ host: 'living', pid: 7 }, { host: 'box a', pid: 7 }];
  await sweepScratch(folder, { heardOf, before: Date.now() - 60_000 });
  t.ok(existsSync(join(folder, 'gone.7')), 'it may be about to be heard of');
  await sweepScratch(folder, { heardOf, before: Date.now() + 60_000 });
  t.strictSame(readdirSync(folder).sort(), ['box%20a.7', 'living.7']);
});
