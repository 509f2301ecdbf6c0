// What a run's trainer uses of its machine. Closed, it reads nothing.
import { useMemo } from 'preact/hooks';
import { may } from '../../../api/session.js';
import type { Run } from '../../../api/types.js';
import { Curves } from '../../../charts/curves.js';
import { useChartGroup } from '../../../charts/group.js';
import type { Line } from '../../../charts/line.js';
import * as codecs from '../../../lib/codecs.js';
import { bytes, count } from '../../../lib/format.js';
import { useUrlState } from '../../../lib/router.js';
import { useBoxes } from '../../../live/link.js';
import { hasEnded } from '../../../../portable/run-states.js';
import type { RunRecord } from '../../../live/run-record.js';
import { ErrorNote, Loading } from '../../../ui/surfaces.js';
import { curvesOf, TICKS_PER_SECOND } from './samples.js';
import { useSamples } from './use-samples.js';
import './system.css';

const OPEN = codecs.flag();

export function RunSystem({ run, record }: { run: Run; record: RunRecord }) {
  const [open, setOpen] = useUrlState('system', OPEN);
  return (
    <details class="card run-system" open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary><h2>System</h2><span class="muted small">memory and processor of its trainer</span></summary>
      {open && <Open run={run} record={record} />}
    </details>
  );
}

const place = (tick: number) => tick / TICKS_PER_SECOND;
const lineOf = (key: string, label: string, series: Line['series'], color: number): Line => ({ key, label, series, color: `var(--series-${color})`, place, kind: 'whole' });

function Open({ run, record }: { run: Run; record: RunRecord }) {
  const { data, error, reload } = useSamples(run, record);
  const group = useChartGroup();
  const { memory, processor, seconds } = useMemo(() => {
    const { rss, tensors, cpu, seconds } = curvesOf(data ?? []);
    return { memory: [lineOf('rss', 'process', rss, 0), ...(tensors.length > 0 ? [lineOf('tensors', 'tensors', tensors, 1)] : [])], processor: [lineOf('cpu', 'of one core', cpu, 2)], seconds };
  }, [data]);
  if (data === undefined) return error === undefined ? <Loading lines={3} height={40} /> : <ErrorNote error={error} onRetry={reload} />;
  if (data.length === 0) return <p class="muted">{hasEnded(run.state) ? 'It was too short to be sampled.' : 'The first sample comes five seconds after its start.'}</p>;
  const shared = { version: data.length, group, domain: [0, Math.max(1, seconds)] as const, zoom: null, onZoom: () => undefined, axis: 'time' as const, limits: [0, Infinity] as const };
  return (
    <>
      {!hasEnded(run.state) && may('read') && <Gpus runId={run.id} />}
      <div class="system-charts">
        <Curves {...shared} name="memory" title="Memory" lines={memory} format={bytes} axisFormat={roundBytes} />
        <Curves {...shared} name="processor" title="Processor" lines={processor} format={(value) => `${count(value)} %`} />
      </div>
      <p class="muted small">One core at full load is 100 %. A sample each five seconds; the axis is the time since the first.</p>
    </>
  );
}

/** What is known only while it trains, and is not kept. */
function Gpus({ runId }: { runId: string }) {
  const sample = [...useBoxes().value.values()].flatMap(({ runs }) => runs).find((one) => one.runId === runId);
  if (sample === undefined || sample.gpus.length === 0) return null;
  return (
    <dl class="system-gpus">
      {sample.gpus.map(({ id, memoryMiB, utilizationPercent }) => (
        <div key={id}><dt>{id}</dt><dd>{memoryMiB === null ? 'memory unknown' : bytes(memoryMiB * 2 ** 20)}{utilizationPercent !== null && `, ${count(utilizationPercent)} % busy`}</dd></div>
      ))}
    </dl>
  );
}

const roundBytes = (value: number) => bytes(value).replace(/\.0(?= )/, '');
