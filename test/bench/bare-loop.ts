// The engine and its loop alone, in a process of its own: what the service is measured against. Is told a
// recipe and a number of epochs over IPC; answers the examples per second of each epoch.
import { train } from '../../src/ml/train.js';
import { findRecipe } from '../../src/recipes/catalog.js';
import type { RuledOut } from '../../src/schemas/ipc.js';
import { prepare, settingsOf } from '../../workers/prepare.js';

process.on('message', async ({ recipe, epochs, ruledOut }: { recipe: string; epochs: number; ruledOut: RuledOut[] }) => {
  const found = findRecipe(recipe);
  if (found === null) throw new Error(`no recipe ${recipe}`);
  const spec = { ...found.spec, fit: { ...found.spec.fit, epochs } };
  const prepared = await prepare(spec, { ruledOut, onEngine: () => undefined });
  const speeds: number[] = [];
  for await (const report of train({ ...settingsOf(spec), ...prepared, signal: new AbortController().signal })) {
    if (report.type === 'epoch') speeds.push(report.examplesPerSecond);
  }
  process.send?.(speeds, undefined, undefined, () => process.exit(0));
});
