// Training states on their way to the disk: whole files, one at a time, the latest rather than all.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { decodeCheckpoint } from '../../../src/ml/checkpoint-file.js';
import type { CheckpointReport } from '../../../src/ml/reports.js';
import { CheckpointWriter } from '../../../workers/checkpoint-writer.js';

function report(step: number): CheckpointReport {
  const weights = [{ name: 'w', shape: [1000], dtype: 'float32' as const, data: new Float32Array(1000).fill(step) }];
  const callbacks = { stoppers: [], plateau: { rate: 1, best: null, wait: 0, cooldown: 0 }, best: { epoch: null, value: null } };
  const state = { engine: { weights, optimizer: [], step }, epochs: 9, epoch: 1, batches: step, sums: { examples: 0, metrics: {} }, elapsedMs: 0, callbacks, history: [] };
  return { type: 'checkpoint', epoch: 0, step, metrics: { loss: step }, state };
}

t.test('one is written at a time, and the latest of those that wait', async (t) => {
  const folder = t.testdir();
  const written: { file: string; step: number }[] = [];
  const writer = new CheckpointWriter({ folder, onWritten: (one) => written.push(one), onError: (error) => t.fail(String(error)) });
  await writer.settled();
  for (const step of [1, 2, 3, 4]) writer.write(report(step));
  await writer.settled();
  t.same(written.map(({ step }) => step), [1, 4], 'the first, and the last of the others');
  for (const { file, step } of written) t.equal(decodeCheckpoint(readFileSync(join(folder, file))).engine.weights[0]!.data[999], step, 'each of them whole');
  writer.write(report(5));
  await writer.settled();
  t.equal(written.at(-1)?.step, 5, 'and so on');
});

t.test('a fault is said, and the next one is tried all the same', async (t) => {
  const folder = join(t.testdir(), 'later');
  const [written, errors]: [number[], unknown[]] = [[], []];
  const writer = new CheckpointWriter({ folder, onWritten: ({ step }) => written.push(step), onError: (error) => errors.push(error) });
  writer.write(report(1));
  await writer.settled();
  t.match(errors, [{ code: 'ENOENT' }], 'as it is');
  mkdirSync(folder);
  writer.write(report(2));
  await writer.settled();
  t.same([written, errors.length], [[2], 1]);
});
