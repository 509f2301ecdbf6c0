// One row for each of what the ledger is by: a bar, as long as its part of the largest, and the numbers.
import type { LedgerItem, LedgerTotal } from '../../api/types.js';
import { hrefOf } from '../../lib/router.js';
import { count } from '../../lib/format.js';
import { StackedBar } from '../../ui/stacked-bar.js';
import { Table } from '../../ui/table.js';
import { aboutOf, BY_NAMES, deviceTime, FATES, keyOf, nameOf, shareOf, type By } from './ledger-words.js';

export function LedgerTable({ items, by, total }: { items: readonly LedgerItem[]; by: By; total: LedgerTotal }) {
  const largest = Math.max(...items.map(({ deviceSeconds }) => deviceSeconds));
  const number = (key: (typeof FATES)[number]['key'] | 'waitingSeconds', title: string) => ({ key, title, number: true, cell: (item: LedgerItem) => <Amount seconds={item[key]} /> });
  return (
    <div class="ledger-table">
      <Table label={`Use of devices by ${BY_NAMES[by].toLowerCase()}`} rows={items} rowKey={(item) => keyOf(item, by)} columns={[
        { key: 'name', title: BY_NAMES[by], cell: (item) => <><Name item={item} by={by} />{aboutOf(item, by) !== '' && <span class="muted"> {aboutOf(item, by)}</span>}</> },
        { key: 'bar', title: '', cell: (item) => <StackedBar total={largest} parts={FATES.map(({ key, color }) => ({ key, color, size: item[key] }))} /> },
        { key: 'all', title: 'Devices', number: true, cell: ({ deviceSeconds }) => <><b>{deviceTime(deviceSeconds)}</b> <span class="muted ledger-share">{shareOf(deviceSeconds, total.deviceSeconds)}</span></> },
        ...FATES.map(({ key, title }) => number(key, title)),
        number('waitingSeconds', 'In line'),
        ...(by === 'run' ? [] : [{ key: 'runs', title: 'Runs', number: true, cell: ({ runs }: LedgerItem) => count(runs) }]),
      ]} />
    </div>
  );
}

function Amount({ seconds }: { seconds: number }) {
  return seconds === 0 ? <span class="muted">–</span> : <>{deviceTime(seconds)}</>;
}

function Name({ item, by }: { item: LedgerItem; by: By }) {
  return by === 'run' && item.runId !== undefined ? <a href={hrefOf('run', { params: { id: item.runId } })}>{nameOf(item, by)}</a> : <b>{nameOf(item, by)}</b>;
}
