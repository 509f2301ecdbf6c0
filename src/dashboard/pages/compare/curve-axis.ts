// What the curves of several runs are drawn over, and which there are.
import { placeOn } from '../../charts/axis.js';
import type { Run } from '../../api/types.js';
import * as codecs from '../../lib/codecs.js';

/** Examples set runs of different batch sizes side by side by how much they have seen. */
export const COMPARE_AXES = ['step', 'epoch', 'examples'] as const;
export type CompareAxis = (typeof COMPARE_AXES)[number];

/** In the address: the curve that is shown. */
export const METRIC = codecs.text();
/** What stands first among the curves of runs that have validated. */
export const USUAL_CURVE = 'epoch/val_loss';

/** Where the points of a curve of a run stand. */
export function placeOf({ progress, spec }: Pick<Run, 'progress' | 'spec'>, { key, axis }: { key: string; axis: CompareAxis }): (at: number) => number {
  const stepsPerEpoch = progress.totalSteps / progress.epochs;
  const kind = key.startsWith('batch/') ? 'batch' : key.startsWith('epoch/val_') ? 'validation' : 'train';
  const place = placeOn(axis === 'epoch' ? 'epoch' : 'step', kind, { stepsPerEpoch, secondsAt: () => 0 });
  return axis === 'examples' ? (at) => place(at) * spec.fit.batchSize : place;
}

/** Curves that these runs may have, those that say most first: of epochs, then of single batches. */
export function curveKeysOf(runs: readonly Pick<Run, 'metrics' | 'spec'>[]): readonly string[] {
  const names = new Set(['loss', ...runs.flatMap(({ spec, metrics }) => [...(spec.metrics ?? []), ...Object.keys(metrics)])]);
  const own = [...names].filter((name) => !name.startsWith('val_'));
  const validated = [...names].filter((name) => name.startsWith('val_'));
  const rank = (name: string) => (name.endsWith('loss') ? 0 : 1);
  const sorted = (some: readonly string[]) => [...some].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return [...sorted(validated).map((name) => `epoch/${name}`), ...sorted(own.filter((name) => name !== 'learning_rate')).map((name) => `epoch/${name}`), ...sorted(own.filter((name) => name !== 'learning_rate')).map((name) => `batch/${name}`), 'batch/learning_rate'];
}

/** `validation loss by epoch`, `loss of each batch` */
export function curveName(key: string): string {
  const [kind, name = ''] = key.split('/');
  const words = name.replace(/^val_/, 'validation ').replaceAll('_', ' ');
  return kind === 'batch' ? `${words}, each batch` : words;
}
