// The kinds of files in the order in which they are shown: what can be had back first. Pure.
import type { Usage } from '../../api/types.js';

type Category = Exclude<keyof Usage['files'], 'total'>;

const KINDS: Record<Category, readonly [title: string, about: string]> = {
  models: ['Models', 'files of runs, but for their training states'],
  trainingStates: ['Training states', 'what runs go on from'],
  orphans: ['Orphans', 'of no run any more; freed within an hour'],
  incoming: ['Incoming', 'being stored now'],
  cache: ['Cache', 'copies of what is in a bucket; the oldest make room'],
  scratch: ['Scratch', 'written by trainers, not stored yet'],
  database: ['Database', 'runs, events and curves, where it is embedded'],
  other: ['Other', 'anything else in the data folder'],
};

export interface StoragePart {
  key: Category;
  title: string;
  about: string;
  files: number;
  size: number;
  color: string;
}

/** Without those of which there is nothing. */
export const partsOf = (files: Usage['files']): readonly StoragePart[] =>
  (Object.keys(KINDS) as Category[]).map((key, at) => ({ key, title: KINDS[key][0], about: KINDS[key][1], files: files[key].files, size: files[key].bytes, color: `var(--series-${at})` })).filter(({ size }) => size > 0);
