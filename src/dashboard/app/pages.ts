// The table of pages: what each is called, who sees it, and the code that is loaded when one goes there.
import type { ComponentType } from 'preact';
import type { Right } from '../api/types.js';
import type { PageName } from '../../portable/page-paths.js';
import type { Params } from '../lib/match.js';

export type PageComponent = ComponentType<{ params: Params }>;

export interface PageEntry {
  title: string;
  /** Its name in the navigation; left out where one gets there by links of other pages. */
  nav?: string;
  /** What one needs to see it. */
  right: Right;
  load(): Promise<PageComponent>;
}

export const PAGES: Record<PageName, PageEntry> = {
  home: { title: 'Overview', nav: 'Overview', right: 'read', load: async () => (await import('../pages/overview/overview-page.js')).OverviewPage },
  runs: { title: 'Runs', nav: 'Runs', right: 'read', load: async () => (await import('../pages/runs/runs-page.js')).RunsPage },
  run: { title: 'Run', right: 'view', load: async () => (await import('../pages/run/run-page.js')).RunPage },
  try: { title: 'Try it', right: 'view', load: async () => (await import('../pages/try/try-page.js')).TryPage },
  compare: { title: 'Compare', nav: 'Compare', right: 'read', load: async () => (await import('../pages/compare/compare-page.js')).ComparePage },
  newRun: { title: 'New run', nav: 'New run', right: 'read', load: async () => (await import('../pages/new-run/new-run-page.js')).NewRunPage },
  datasets: { title: 'Data sets', nav: 'Data sets', right: 'read', load: async () => (await import('../pages/datasets/datasets-page.js')).DatasetsPage },
  dataset: { title: 'Data set', right: 'read', load: async () => (await import('../pages/datasets/dataset-page.js')).DatasetPage },
  learn: { title: 'Learn', nav: 'Learn', right: 'read', load: async () => (await import('../pages/learn/learn-page.js')).LearnPage },
  teams: { title: 'Teams and keys', nav: 'Teams', right: 'read', load: async () => (await import('../pages/teams/teams-page.js')).TeamsPage },
  ledger: { title: 'Ledger', nav: 'Ledger', right: 'read', load: async () => (await import('../pages/ledger/ledger-page.js')).LedgerPage },
};
