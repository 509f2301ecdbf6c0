// The curves of a run: the loss and what is measured beside it, training beside validation, batches beneath epochs.
import { useMemo } from 'preact/hooks';
import type { Run } from '../../api/types.js';
import * as codecs from '../../lib/codecs.js';
import { percent, plain, roundPercent, sentence, words } from '../../lib/format.js';
import { useUrlState } from '../../lib/router.js';
import { isShare, metricOf } from '../../lib/run-words.js';
import { AXES, placeOn, type AxisKind, type RunScale } from '../../charts/axis.js';
import { Curves } from '../../charts/curves.js';
import type { Line } from '../../charts/line.js';
import type { RunRecord } from '../../live/run-record.js';
import { Range, Segments } from '../../ui/field.js';
import { Button } from '../../ui/button.js';
import type { StepSpan } from './fine-span.js';
import type { RunView, Span } from './run-view.js';
import { useFine } from './use-fine.js';
import type { Event } from './timeline/happenings.js';
import { Timeline } from './timeline/timeline.js';
import { useHappenings } from './timeline/on-axis.js';

const LOG = codecs.flag();
const SMOOTHING = codecs.number(0, { least: 0, most: 0.999 });

export interface RunChartsProps {
  run: Run;
  record: RunRecord;
  version: number;
  view: RunView;
  events: readonly Event[];
}

export function RunCharts({ run, record, version, view, events }: RunChartsProps) {
  const [log, setLog] = useUrlState('log', LOG);
  const [smoothing, setSmoothing] = useUrlState('smooth', SMOOTHING);
  const { axis, setAxis, zoom, setZoom, scale, domain, group, seen } = view;
  const on: On = { run, axis, scale, seen };
  const names = [...record.series.keys()].filter((key) => key.startsWith('batch/')).map((key) => key.slice(6));
  const measured = names.length === 0 ? 'accuracy' : metricOf(names);
  const { happenings, phases, marks } = useHappenings(run, record, view, events);
  const shared = {
    version, group, axis, zoom, smoothing, marks, domain,
    onZoom: (next: Span | null) => setZoom(next),
    stride: strideOf(axis, { end: domain[1], stepsPerEpoch: scale.stepsPerEpoch }),
  };
  return (
    <section aria-label="Curves" class="run-curves">
      <div class="run-chart-bar">
        <Segments label="Axis" value={axis} options={AXES.map((value) => ({ value, label: sentence(value) }))} onChange={setAxis} />
        <Button quiet pressed={log} onClick={() => setLog(!log)}>Log scale</Button>
        <Range label="Smoothing" value={smoothing} min={0} max={0.99} step={0.01} onChange={setSmoothing} format={(value) => value.toFixed(2)} />
      </div>
      <div class="run-charts">
        <Curves {...shared} name="loss" title="Loss" lines={useLines(record, 'loss', on)} format={plain} limits={[0, Infinity]} log={log} />
        {measured !== null && <MetricChart {...shared} record={record} name={measured} on={on} />}
        <Curves {...shared} name="rate" title="Learning rate" lines={useRate(record, on)} format={plain} limits={[0, Infinity]} smoothing={0} small />
        <Timeline happenings={happenings} phases={phases} view={view} />
      </div>
    </section>
  );
}

type Shared = Omit<Parameters<typeof Curves>[0], 'name' | 'title' | 'lines' | 'format'>;

function MetricChart({ record, name, on, ...shared }: Shared & { record: RunRecord; name: string; on: On }) {
  const share = isShare(name);
  return <Curves {...shared} name="metric" title={sentence(words(name))} lines={useLines(record, name, on)} format={share ? percent : plain} {...(share ? { axisFormat: roundPercent } : {})} limits={share ? [0, 1] : [-Infinity, Infinity]} />;
}

interface On {
  run: Run;
  axis: AxisKind;
  scale: RunScale;
  /** What of it is seen; null for all. */
  seen: StepSpan | null;
}

/** Batches, training by epoch and validation. The lines stay the same while they grow. */
function useLines(record: RunRecord, name: string, { run, axis, scale, seen }: On): readonly Line[] {
  const { series } = record;
  const reach = axis === 'step' ? scale.stepsPerEpoch : axis === 'epoch' ? 1 : scale.secondsAt(scale.stepsPerEpoch);
  const fine = useFine(run, record, { key: `batch/${name}`, seen });
  const [batch, train, validation] = [`batch/${name}`, `epoch/${name}`, `epoch/val_${name}`].map((key) => record.curve(key));
  return useMemo(
    () => [
      { key: 'batch', label: 'each batch', series: fine ?? batch!, whole: batch!, place: placeOn(axis, 'batch', scale), color: 'var(--train)', kind: 'raw' },
      { key: 'train', label: 'training', series: train!, place: placeOn(axis, 'train', scale), color: 'var(--train)', kind: 'whole', reach },
      { key: 'validation', label: 'validation', series: validation!, place: placeOn(axis, 'validation', scale), color: 'var(--validation)', dash: [7, 4], kind: 'whole', reach },
    ],
    [series, fine, batch, train, validation, axis, scale.stepsPerEpoch, reach],
  );
}

function useRate(record: RunRecord, { run, axis, scale, seen }: On): readonly Line[] {
  const rate = record.curve('batch/learning_rate');
  const fine = useFine(run, record, { key: 'batch/learning_rate', seen });
  return useMemo(() => [{ key: 'rate', label: 'learning rate', series: fine ?? rate, whole: rate, place: placeOn(axis, 'batch', scale), color: 'var(--train)', kind: 'raw' }], [rate, fine, axis, scale.stepsPerEpoch]);
}

function strideOf(axis: AxisKind, { end, stepsPerEpoch }: { end: number; stepsPerEpoch: number }): { small: number; large: number } {
  if (axis === 'step') return { small: Math.max(1, Math.round(end / 200)), large: stepsPerEpoch };
  return { small: end / 200, large: axis === 'epoch' ? 1 : end / 20 };
}
