// What killed supervisors leave on the disk is freed by the next one, and what living ones use is not.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { closeScratch, openScratch } from '../../../workers/scratch.js';

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
