// The addresses of the pages, in the words of the router on either side: the service answers them with the page, and
// the page shows what belongs there. `:name` is one segment.

export const PAGE_PATHS = {
  home: '/',
  runs: '/runs',
  run: '/runs/:id',
  try: '/runs/:id/try',
  compare: '/compare',
  newRun: '/new',
  datasets: '/datasets',
  dataset: '/datasets/:name',
  learn: '/learn',
  teams: '/teams',
  ledger: '/ledger',
} as const;

export type PageName = keyof typeof PAGE_PATHS;
