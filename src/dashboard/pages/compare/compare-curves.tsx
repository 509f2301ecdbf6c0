// The curves of all runs in one chart, with what one may choose of it.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { palette } from '../../charts/palette.js';
import type { Run } from '../../api/types.js';
import * as codecs from '../../lib/codecs.js';
import { count, plain, roundPercent, percent, sentence } from '../../lib/format.js';
import { setQuery, useUrlState } from '../../lib/router.js';
import { isShare } from '../../lib/run-words.js';
import type { RunGroup } from '../../live/run-group.js';
import { Button } from '../../ui/button.js';
import { Range, Segments, Select } from '../../ui/field.js';
import { bandOf, seedGroups } from './band.js';
import type { Compared } from './compared.js';
import { COMPARE_AXES, curveKeysOf, curveName, METRIC, placeOf } from './curve-axis.js';
import { Legend, type LegendEntry } from './legend.js';
import { OverlayChart, readTrace } from './overlay-chart.js';
import { frameOf, nearestPoint, TraceMaker, type Trace } from './trace.js';
import { HIDDEN, tailOf } from './view-codecs.js';

const AXIS = codecs.choice(COMPARE_AXES);
const FLAG = codecs.flag();
const SMOOTHING = codecs.number(0, { least: 0, most: 0.99 });
const ZOOM = codecs.range();
const SHARE_LIMITS = [0, 1] as const;
const NO_LIMITS = [-Infinity, Infinity] as const;

export interface CompareCurvesProps extends Compared {
  group: RunGroup;
  /** Changes as curves grow. */
  version: number;
  /** Runs within the spans that are chosen below; null for all. */
  passing: ReadonlySet<string> | null;
  onRemove(id: string): void;
}

export function CompareCurves({ group, version, runs, labels, passing, meant, onMeant, onRemove }: CompareCurvesProps) {
  const keys = curveKeysOf(runs);
  const [asked] = useUrlState('metric', METRIC);
  const [axis, setAxis] = useUrlState('axis', AXIS);
  const [log, setLog] = useUrlState('log', FLAG);
  const [full, setFull] = useUrlState('full', FLAG);
  const [smoothing, setSmoothing] = useUrlState('smooth', SMOOTHING);
  const [zoom, setZoom] = useUrlState('zoom', ZOOM);
  const [hidden, setHidden] = useUrlState('hidden', HIDDEN);
  const [isGrouped, setGrouped] = useUrlState('seeds', FLAG);
  const [place, setPlace] = useState<number | null>(null);
  const metric = keys.includes(asked) ? asked : keys[0]!;
  useEffect(() => group.want(metric), [group, metric]);
  const maker = useRef(new TraceMaker());
  const name = metric.slice(6);
  const isHidden = (id: string) => hidden.includes(tailOf(id)) || (passing !== null && !passing.has(id));
  const all = useMemo(() => runs.map((run): Trace => {
    const { color, dash } = palette.paintOf(run.id);
    const columns = maker.current.make(run.id, group.curve(run.id), { view: `${metric} ${axis}`, place: placeOf(run, { key: metric, axis }), smoothing });
    return { id: run.id, label: labels.get(run.id) ?? run.name, color, dash, ...columns, isBand: false };
  }), [runs, labels, metric, axis, smoothing, version]);
  const traces = useMemo(() => all.filter(({ id }) => !isHidden(id)), [all, hidden, passing]);
  const specs = runs.map(({ id }) => id).join();
  const groups = useMemo(() => seedGroups(runs), [specs]);
  const bands = useMemo(() => (isGrouped ? groups.flatMap((group) => bandTrace(group, traces)) : []), [isGrouped, groups, traces]);
  const view = useMemo(() => frameOf(bands.length > 0 ? [...bands, ...traces] : traces, { zoom, log, cut: full || !metric.startsWith('batch/') ? 0 : 0.01, withRanges: full, limits: isShare(name) ? SHARE_LIMITS : NO_LIMITS }), [bands, traces, zoom, log, full, name, metric]);
  const format = isShare(name) ? percent : plain;
  const pending = runs.filter(({ id }) => group.curve(id) === undefined).length;

  const entries = [
    ...bands.map((band): LegendEntry => ({ ...band, state: null, isShown: true, reading: bandReading(band, place, format) })),
    ...all.map((trace, at): LegendEntry => ({ ...trace, state: runs[at]!.state, isShown: !isHidden(trace.id), reading: readTrace(trace, place, format) })),
  ];
  const toggle = (id: string) => {
    // A band stands for its runs: it is shown or not as a whole.
    if (bands.some((band) => band.id === id)) return setGrouped(false);
    setHidden(hidden.includes(tailOf(id)) ? hidden.filter((tail) => tail !== tailOf(id)) : [...hidden, tailOf(id)]);
  };
  return (
    <section class="card compare-curves" aria-label="Curves" data-pending={pending}>
      <div class="compare-bar">
        <Select label="Curve" hideLabel value={metric} onChange={(key) => setQuery({ metric: key === keys[0] ? null : key, zoom: null })} options={keys.map((value) => ({ value, label: sentence(curveName(value)) }))} />
        <Segments label="Axis" value={axis} options={COMPARE_AXES.map((value) => ({ value, label: sentence(value) }))} onChange={(next) => { setZoom(null); setAxis(next); }} />
        <Button quiet pressed={log} onClick={() => setLog(!log)}>Log scale</Button>
        <Button quiet pressed={full} title="Also the outermost hundredth of the values, and each bucket's range" onClick={() => setFull(!full)}>Full range</Button>
        {groups.length > 0 && <Button quiet pressed={isGrouped} title="Runs that differ in their seed alone: their mean, and one standard deviation to either side" onClick={() => setGrouped(!isGrouped)}>Mean over seeds</Button>}
        <Range label="Smoothing" value={smoothing} min={0} max={0.99} step={0.01} onChange={setSmoothing} format={(value) => value.toFixed(2)} />
      </div>
      <div class="compare-chart">
        <div class="compare-plot">
          <p class="compare-where small muted">{place === null ? (pending > 0 ? `${count(all.length - pending)} of ${count(all.length)} curves are here` : sentence(curveName(metric))) : `${axis} ${formatPlace(place, axis)}`}{zoom !== null && <Button quiet onClick={() => setZoom(null)}>Reset zoom</Button>}</p>
          <OverlayChart
            title={sentence(curveName(metric))} axisName={axis} traces={traces} bands={bands} frame={view} log={log} isFaint={bands.length > 0} zoom={zoom} onZoom={setZoom} place={place} onPlace={setPlace} meant={meant} onMeant={onMeant}
            formatValue={isShare(name) ? roundPercent : plain} formatPlace={axis === 'epoch' ? formatEpoch : formatCount} wholePlaces={axis !== 'epoch'}
          />
        </div>
        <Legend entries={entries} meant={meant} onMeant={onMeant} onToggle={toggle} onOnly={(id) => setHidden(runs.filter((run) => run.id !== id).map((run) => tailOf(run.id)))} onRemove={onRemove}>
          <div class="legend-bar">
            <span class="small muted">{traces.length} of {all.length} shown</span>
            {hidden.length > 0 && <Button quiet onClick={() => setHidden([])}>Show all</Button>}
            <Button quiet onClick={() => setHidden(runs.map(({ id }) => tailOf(id)))}>Hide all</Button>
          </div>
        </Legend>
      </div>
    </section>
  );
}

const formatCount = (place: number) => count(Math.round(place));
const formatEpoch = (place: number) => String(Number(place.toFixed(2)));
const formatPlace = (place: number, axis: string) => (axis === 'epoch' ? formatEpoch : formatCount)(place);

/** The mean of a group's shown curves, where there are at least two. */
function bandTrace(group: readonly Run[], traces: readonly Trace[]): BandTrace[] {
  const members = traces.filter(({ id, x }) => x.length > 0 && group.some((run) => run.id === id));
  if (members.length < 2) return [];
  const { x, mean, low, high, count } = bandOf(members);
  return [{ id: `seeds ${group[0]!.id}`, label: `${group[0]!.name}, mean of ${members.length} seeds`, color: members[0]!.color, dash: [], x, y: mean, low, high, isBand: true, count }];
}

interface BandTrace extends Trace {
  /** Curves that tell of each place. */
  count: Int32Array;
}

function bandReading(band: BandTrace, place: number | null, format: (value: number) => string): string {
  const text = readTrace(band, place, format);
  const at = place === null ? band.x.length - 1 : nearestPoint(band.x, place);
  const spread = (band.high?.[at] ?? NaN) - (band.y[at] ?? NaN);
  return text !== '–' && (band.count[at] ?? 0) > 1 && Number.isFinite(spread) ? `${text} ± ${format(spread)}` : text;
}
