// A machine, with each of its devices: how busy, how warm, and who holds its memory.
import type { Box, Run } from '../../api/types.js';
import { palette } from '../../charts/palette.js';
import { useNow } from '../../lib/clock.js';
import { duration, several } from '../../lib/format.js';
import { hrefOf } from '../../lib/router.js';
import { shortId } from '../../lib/run-names.js';
import { isStale, type DeviceView } from '../../live/device-view.js';
import { trails } from '../../live/devices.js';
import { trailPath } from '../../live/trail.js';
import { StackedBar } from '../../ui/stacked-bar.js';
import { Card } from '../../ui/surfaces.js';
import { noticeOfBox, noticeOfDevice } from './box-words.js';
import { keptFor, memoryOf, mib, type Held } from './memory.js';

type Known = ReadonlyMap<string, Run>;

export function BoxCard({ box, devices, runs }: { box: Box; devices: readonly DeviceView[]; runs: Known }) {
  const notice = noticeOfBox(box);
  return (
    <Card title={box.name} actions={<span class="muted small">{several(box.runs, 'run')}</span>} label={`Box ${box.name}`}>
      {notice !== null && <p class="note" data-tone={notice.tone}>{notice.text}</p>}
      {box.alive && devices.length === 0 && <p class="muted small">Its devices are not known yet.</p>}
      <ul class="devices">{devices.map((view) => <DeviceTile key={view.key} view={view} runs={runs} />)}</ul>
    </Card>
  );
}

function DeviceTile({ view, runs }: { view: DeviceView; runs: Known }) {
  const { device, utilizationPercent, temperatureCelsius, heardMs } = view;
  const now = useNow();
  const stale = isStale(view, now);
  const notice = noticeOfDevice(device);
  const name = device.name.replace(/\((R|TM)\)/g, '');
  return (
    <li class="device" data-device={device.id} data-stale={stale || undefined}>
      <div class="device-head">
        <h3><b>{device.id === 'cpu' ? 'CPU' : device.id.replace(/^gpu:/, 'GPU ')}</b> <span class="muted" title={name}>{name}</span></h3>
        <span class="device-heat muted" title="Temperature">{temperatureCelsius === null ? '' : `${Math.round(temperatureCelsius)} °C`}</span>
      </div>
      <div class="device-load">
        {utilizationPercent === null ? <p class="muted">No reading of how busy it is</p> : <p><span class="device-busy">{Math.round(utilizationPercent)} %</span><span class="muted">busy</span></p>}
        {utilizationPercent !== null && <Sparkline view={view} />}
      </div>
      <MemoryBar view={view} runs={runs} />
      {stale && heardMs !== null && <p class="device-note small">This was so {duration(now - heardMs)} ago.</p>}
      {notice !== null && <p class="device-note small">{notice}</p>}
    </li>
  );
}

function Sparkline({ view: { key } }: { view: DeviceView }) {
  const trail = trails.value.get(key);
  return (
    <svg class="device-trail" viewBox="0 0 119 100" preserveAspectRatio="none" aria-hidden="true">
      <path d="M0 100H119" class="device-floor" />
      {trail !== undefined && <path d={trailPath(trail)} />}
    </svg>
  );
}

function MemoryBar({ view, runs }: { view: DeviceView; runs: Known }) {
  const memory = memoryOf(view, keptFor(runs));
  if (memory === null) return <p class="muted small">How much memory it has is not known.</p>;
  const { parts, freeMiB, totalMiB, barMiB } = memory;
  const isCpu = view.device.kind === 'cpu';
  return (
    <div class="memory">
      <p class="memory-sum small"><span>{isCpu ? 'Memory for runs' : 'Memory'}</span><span class="muted" title={isCpu && view.usedMiB !== null ? `In use on the whole box: ${mib(view.usedMiB)}` : undefined}>{freeMiB === null ? `of ${mib(totalMiB)}, what is free is not told` : `${mib(freeMiB)} of ${mib(totalMiB)} free`}</span></p>
      <StackedBar total={barMiB} parts={parts.map((part) => ({ key: keyOf(part), color: paintOf(part), size: part.shownMiB }))} />
      <ul class="memory-parts small" aria-label="Who holds its memory">
        {parts.map((part) => (
          <li key={keyOf(part)} data-kind={part.kind}>
            <i aria-hidden="true" style={{ background: paintOf(part) }} />
            <PartName part={part} view={view} runs={runs} />
            <span class="muted number">{part.memoryMiB === null ? (part.shownMiB > 0 ? `${mib(part.shownMiB)} kept` : '') : mib(part.memoryMiB)}</span>
          </li>
        ))}
        {parts.length === 0 && <li data-kind="none"><span class="muted">Nothing is on it.</span></li>}
      </ul>
    </div>
  );
}

const keyOf = ({ runId, kind }: Held) => runId ?? kind;

/** A run's own colour, as on every page; what is not of runs is hatched. */
function paintOf({ runId, kind }: Held): string {
  if (runId !== null) return palette.paintOf(runId).color;
  return kind === 'others' ? 'var(--edge)' : 'repeating-linear-gradient(135deg, var(--edge) 0 3px, var(--soft) 3px 6px)';
}

function PartName({ part, view, runs }: { part: Held; view: DeviceView; runs: Known }) {
  if (part.runId !== null) return <a href={hrefOf('run', { params: { id: part.runId } })}>{runs.get(part.runId)?.name ?? shortId(part.runId)}</a>;
  if (part.kind === 'others') return <span>{several(view.otherRuns, 'run')} of other teams</span>;
  const { processes } = view.device;
  return <span title={processes.map(({ name, pid, memoryMiB }) => `${name} (${pid})${memoryMiB === null ? '' : `, ${mib(memoryMiB)}`}`).join('\n') || undefined}>{processes.length === 1 ? processes[0]!.name : processes.length > 1 ? `${several(processes.length, 'process', 'processes')} that are no runs` : 'Not of runs'}</span>;
}
