// Up to a hundred runs side by side: their curves, in what they differ, and what came of it.
import { useMemo, useState } from 'preact/hooks';
import { palette } from '../../charts/palette.js';
import { count, several } from '../../lib/format.js';
import { hrefOf, useUrlState } from '../../lib/router.js';
import { METRIC, USUAL_CURVE } from './curve-axis.js';
import { useRunGroup } from '../../live/use-run-group.js';
import { Card, Empty, ErrorNote, Loading } from '../../ui/surfaces.js';
import type { Compared } from './compared.js';
import { CompareCurves } from './compare-curves.js';
import { CompareQuantities } from './compare-quantities.js';
import { DifferenceTable } from './difference-table.js';
import { differencesOf, labelsOf } from './differences.js';
import { MOST_RUNS, RUN_IDS } from './view-codecs.js';
import { StartComparing } from './start-comparing.js';
import './compare.css';

export function ComparePage() {
  const [ids, setIds] = useUrlState('runs', RUN_IDS);
  const [asked] = useUrlState('metric', METRIC);
  const { group, runs, version } = useRunGroup(ids, asked === '' ? USUAL_CURVE : asked);
  const [missing, error] = [group.missing(), group.failure];
  const isReading = runs.length + missing.length < ids.length;
  const [meant, setMeant] = useState<string | null>(null);
  // Runs that go on are read again and again; their specs stay.
  const specs = runs.map(({ id }) => id).join();
  const differences = useMemo(() => differencesOf(runs), [specs]);
  const labels = useMemo(() => labelsOf(runs, differences), [specs, differences]);
  const [passing, setPassing] = useState<ReadonlySet<string> | null>(null);
  useMemo(() => palette.keepApart(ids), [ids]);
  if (ids.length === 0) return <StartComparing />;
  if (runs.length === 0 && isReading) return <><Head many={ids.length} /><ErrorNote error={error} title="The runs could not be read." onRetry={() => group.retry()} /><div class="compare"><Loading height={420} label="Loading the runs" /><Loading height={200} /></div></>;
  if (runs.length === 0) return <><Head many={0} /><Empty title="None of these runs is there"><p>They may have been deleted, or are of another team.</p><a class="button" href={hrefOf('runs')}>All runs</a></Empty></>;
  const shared: Compared = { runs, labels, meant, onMeant: setMeant };
  return (
    <>
      <Head many={runs.length} />
      <div class="compare">
        <ErrorNote error={error} title="Not all could be read." onRetry={() => group.retry()} />
        {missing.length > 0 && <p class="note" data-tone="amber">{several(missing.length, 'run is', 'runs are')} not there any more, or of another team.</p>}
        {ids.length === MOST_RUNS && <p class="small muted">The first {count(MOST_RUNS)} runs; more are not compared at once.</p>}
        <CompareCurves {...shared} group={group} version={version} passing={passing} onRemove={(id) => setIds(ids.filter((one) => one !== id), { keep: true })} />
        <Card title="Differences"><DifferenceTable {...shared} differences={differences} /></Card>
        <CompareQuantities {...shared} differences={differences} onPassing={setPassing} />
      </div>
    </>
  );
}

function Head({ many }: { many: number }) {
  return (
    <div class="page-head">
      <h1>Compare {many > 0 && <span class="compare-count muted">{several(many, 'run')}</span>}</h1>
      <a class="button" href={hrefOf('runs')}>Choose others</a>
    </div>
  );
}
