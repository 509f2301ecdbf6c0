// Where nothing is compared yet.
import { hrefOf } from '../../lib/router.js';
import { useRuns } from '../../live/run-list.js';
import { Empty, Loading } from '../../ui/surfaces.js';

const FEW = 8;

export function StartComparing() {
  const runs = useRuns().value;
  const latest = (runs ?? []).filter(({ progress }) => progress.step > 0).slice(0, FEW);
  return (
    <>
      <div class="page-head"><h1>Compare</h1></div>
      {runs === null ? <Loading height={120} label="Loading the runs" /> : (
        <Empty title="Runs side by side">
          <p>Mark some in the list of runs and press Compare: their curves in one chart, in what their specs differ, and what came of each choice.</p>
          <div class="compare-start">
            <a class="button button-primary" href={hrefOf('runs')}>Choose runs</a>
            {latest.length > 1 && <a class="button" href={hrefOf('compare', { query: { runs: latest.map(({ id }) => id).join(',') } })}>The latest {latest.length}</a>}
          </div>
        </Empty>
      )}
    </>
  );
}
