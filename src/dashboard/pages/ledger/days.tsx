// Day by day, as columns: the same numbers as in the table, which says them to who cannot see these.
import type { LedgerItem } from '../../api/types.js';
import { deviceTime, FATES, nameOf } from './ledger-words.js';

export function Days({ items }: { items: readonly LedgerItem[] }) {
  const largest = Math.max(...items.map(({ deviceSeconds }) => deviceSeconds), 1);
  const every = Math.ceil(items.length / 10);
  return (
    <div class="days" aria-hidden="true">
      <span class="days-most muted small">{deviceTime(largest)}</span>
      <div class="days-columns">
        {items.map((item, at) => (
          <div key={item.day} class="day" title={`${nameOf(item, 'day')}: ${deviceTime(item.deviceSeconds)}\n${FATES.filter(({ key }) => item[key] > 0).map(({ key, title }) => `${title} ${deviceTime(item[key])}`).join('\n')}`}>
            <div class="day-column">{[...FATES].reverse().map(({ key, color }) => item[key] > 0 && <i key={key} style={{ background: color, height: `${(item[key] / largest) * 100}%` }} />)}</div>
            <span class="muted small">{at % every === 0 ? nameOf(item, 'day').replace(/^\w+ /, '') : ''}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
