// The whole period in one bar, which is the legend of those below it.
import type { LedgerTotal } from '../../api/types.js';
import { several } from '../../lib/format.js';
import { StackedBar } from '../../ui/stacked-bar.js';
import { Card } from '../../ui/surfaces.js';
import { deviceTime, FATES, shareOf } from './ledger-words.js';

export function LedgerTotals({ total, isPage }: { total: LedgerTotal; /** Whether there is more than is summed up. */ isPage: boolean }) {
  const { deviceSeconds, waitingSeconds, runs } = total;
  return (
    <Card label="What became of the time">
      <div class="ledger-total">
        <p class="ledger-sum"><output>{deviceTime(deviceSeconds)}</output><span class="muted small">of devices, by {several(runs, 'run')}{isPage && ', of those below'}</span></p>
        <div class="ledger-fates">
          <StackedBar total={deviceSeconds} parts={FATES.map(({ key, color }) => ({ key, color, size: total[key] }))} />
          <dl>
            {FATES.map(({ key, title, about, color }) => (
              <div key={key} title={about}><dt><i aria-hidden="true" style={{ background: color }} />{title}</dt><dd><b>{deviceTime(total[key])}</b> <span class="muted">{shareOf(total[key], deviceSeconds)}</span></dd></div>
            ))}
            <div class="ledger-waiting" title="Seconds of runs, not of devices"><dt>In line</dt><dd><b>{deviceTime(waitingSeconds)}</b></dd></div>
          </dl>
        </div>
      </div>
    </Card>
  );
}
