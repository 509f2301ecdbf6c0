// A fake `nvidia-smi`, whose answers, failures and silences a test chooses.
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/paths.js';
import type { TestScope } from './postgres.js';

export const UUID = 'GPU-8d3a9bb4-66e8-22f5-2c1a-5a3b1c9d0e77';

export const gpuLine = (used: number, { index = 0, uuid = UUID } = {}) => `${index}, ${uuid}, 16384, ${used}, 37, 45, [N/A], NVIDIA Test GPU\n`;

/** In a folder of its own; it answers with one idle GPU until it is told otherwise. */
export function fakeDriver(t: TestScope) {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-smi-'));
  // One that was killed a moment ago may still end its last write there.
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const program = join(folder, 'nvidia-smi');
  copyFileSync(join(packageRoot, 'test/fixtures/nvidia-smi.sh'), program);
  chmodSync(program, 0o755);
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const set = (mode: 'answer' | 'fail' | 'hang' | 'hang-at-list', says: { gpus?: string; processes?: string; list?: string; failure?: string } = {}) => {
    for (const [name, text] of Object.entries(says)) write(name, text);
    write('mode', mode);
  };
  write('asked', '');
  set('answer', { gpus: gpuLine(0), processes: '', list: '' });
  const asked = () => readFileSync(join(folder, 'asked'), 'utf8').split('\n').filter((line) => line !== '').map(Number);
  return { program, set, asked };
}
