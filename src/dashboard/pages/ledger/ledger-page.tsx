// Who used the devices, and what became of it.
import { useMemo } from 'preact/hooks';
import { identity, may } from '../../api/session.js';
import { addressOf } from '../../lib/base.js';
import * as codecs from '../../lib/codecs.js';
import { several } from '../../lib/format.js';
import { useUrlState } from '../../lib/router.js';
import { Button } from '../../ui/button.js';
import { Segments, Select } from '../../ui/field.js';
import { Empty, ErrorNote, Loading } from '../../ui/surfaces.js';
import { Days } from './days.js';
import { LedgerTable } from './ledger-table.js';
import { LedgerTotals } from './ledger-totals.js';
import { BY, BY_NAMES } from './ledger-words.js';
import { PERIOD_NAMES, PERIODS, spanOf } from './period.js';
import { queryOf, useLedger, type Question } from './use-ledger.js';
import './ledger.css';

const BY_CODEC = codecs.choice(BY, 'user');
const PERIOD = codecs.choice(PERIODS, '7');
const DAY = codecs.text();
const KIND = codecs.choice(['all', 'gpu', 'cpu']);
const TEAM = codecs.choice(['own', 'all']);

export function LedgerPage() {
  const [by, setBy] = useUrlState('by', BY_CODEC);
  const [period, setPeriod] = useUrlState('period', PERIOD);
  const [first, setFirst] = useUrlState('from', DAY);
  const [last, setLast] = useUrlState('until', DAY);
  const [deviceKind, setKind] = useUrlState('kind', KIND);
  const [whose, setWhose] = useUrlState('team', TEAM);
  const operates = may('operate');
  const ofAll = operates && whose === 'all' && by !== 'run';
  const span = useMemo(() => spanOf({ period, first, last }, Date.now()), [period, first, last]);
  const question: Question | null = typeof span === 'string' ? null : { by, span, deviceKind, team: ofAll ? 'all' : '' };
  const { data, error, reload, items, hasMore, next } = useLedger(question);
  const total = data?.total;
  return (
    <div class="ledger">
      <div class="page-head">
        <h1>Ledger</h1>
        {question !== null && <a class="button" download href={addressOf(`v1/ledger?${new URLSearchParams({ ...queryOf(question), format: 'csv' }).toString()}`)}>Download as CSV</a>}
      </div>
      <div class="ledger-choices">
        <Segments label="By" value={by} onChange={setBy} options={BY.map((value) => ({ value, label: BY_NAMES[value] }))} />
        <Segments label="Period" value={period} onChange={setPeriod} options={PERIODS.map((value) => ({ value, label: PERIOD_NAMES[value] }))} />
        {period === 'dates' && <span class="ledger-dates"><DateField label="First day" value={first} onChange={setFirst} /><DateField label="Last day" value={last} onChange={setLast} /></span>}
        <Select label="Kind of device" hideLabel value={deviceKind} onChange={setKind} options={[{ value: 'all', label: 'GPUs and processors' }, { value: 'gpu', label: 'GPUs' }, { value: 'cpu', label: 'Processors' }]} />
        {operates && by !== 'run' && <Select label="Team" hideLabel value={whose} onChange={setWhose} options={[{ value: 'own', label: `Team ${identity.value?.team ?? ''}` }, { value: 'all', label: 'All teams' }]} />}
      </div>
      <ErrorNote error={error} title="The ledger could not be read." onRetry={reload} />
      {typeof span === 'string' ? <Empty title="Which days?"><p>{span}</p></Empty>
        : total === undefined ? error === undefined && <Loading lines={7} height={34} label="Loading the ledger" />
        : total.deviceSeconds === 0 && total.waitingSeconds === 0 ? <Empty title="No device was used"><p>Nothing was trained in this period{ofAll ? '' : ' by your team'}. The ledger counts from the first second that a run holds a device.</p></Empty>
        : (
          <>
            <LedgerTotals total={total} isPage={by === 'run' && hasMore} />
            {by === 'day' && items.length > 1 && <Days items={items} />}
            <LedgerTable items={items} by={by} total={total} />
            {hasMore && <p><Button busy={next.busy} onClick={() => next.run()}>More runs</Button> <span class="muted small">{several(items.length, 'run')} so far</span></p>}
            <ErrorNote error={next.error} />
          </>
        )}
    </div>
  );
}

function DateField({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) {
  return <label class="ledger-date"><span class="muted small">{label}</span><input class="input" type="date" value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)} /></label>;
}
