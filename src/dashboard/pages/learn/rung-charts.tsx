// A rung's curves, live, beside those of the rung before.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { placeOn } from '../../charts/axis.js';
import { Curves } from '../../charts/curves.js';
import type { ChartGroup } from '../../charts/group.js';
import type { Line } from '../../charts/line.js';
import { palette } from '../../charts/palette.js';
import { percent, roundPercent } from '../../lib/format.js';
import { useRun, type RunStore } from '../../live/run-store.js';
import { Loading } from '../../ui/surfaces.js';

export interface RungChartProps {
  recipe: string;
  id: string;
  /** The run of the rung before; null where there is none. */
  beforeId: string | null;
  group: ChartGroup;
  zoom: readonly [number, number] | null;
  onZoom(zoom: readonly [number, number] | null): void;
}

/** Runs are read once their rung comes into view: a ladder is long. */
export function RungChart(props: RungChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watcher = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && setSeen(true), { rootMargin: '300px' });
    watcher.observe(place.current!);
    return () => watcher.disconnect();
  }, []);
  return <div ref={place} class="rung-chart">{seen ? props.beforeId === null ? <One {...props} /> : <Two {...props} beforeId={props.beforeId} /> : <Loading height={330} />}</div>;
}

function One(props: RungChartProps) {
  const store = useRun(props.id);
  return <Shown {...props} stores={[store]} />;
}

function Two(props: RungChartProps & { beforeId: string }) {
  const store = useRun(props.id);
  const before = useRun(props.beforeId);
  return <Shown {...props} stores={[store, before]} />;
}

function Shown({ recipe, stores, group, zoom, onZoom }: RungChartProps & { stores: readonly (RunStore | null)[] }) {
  const version = stores.reduce((sum, store) => sum + (store?.version.value ?? 0), 0);
  const records = stores.map((store) => store?.record() ?? null);
  const [mine, before] = records;
  const lines = useMemo(() => records.flatMap((record, at) => (record === null ? [] : linesOf(record, at === 0 ? 'this rung' : 'the rung before'))), [mine, before, mine?.series, before?.series]);
  if (mine === null || mine === undefined) return stores[0]?.error.value === undefined ? <Loading height={330} label="Loading the curves" /> : <p class="muted small">The curves could not be read.</p>;
  const epochs = Math.max(...records.map((record) => record?.run.progress.epochs ?? 0));
  return (
    <Curves
      name={`rung-${recipe}`} title="Accuracy" lines={lines} version={version} group={group} domain={[0, epochs]} zoom={zoom} onZoom={onZoom} format={percent} axisFormat={roundPercent} limits={[0, 1]}
      axis="epoch" stride={{ small: 0.5, large: 1 }}
    />
  );
}

function linesOf(record: NonNullable<ReturnType<RunStore['record']>>, whose: string): Line[] {
  const { color } = palette.paintOf(record.run.id);
  const scale = { stepsPerEpoch: record.stepsPerEpoch, secondsAt: () => 0 };
  const line = (key: string, kind: 'train' | 'validation', label: string, dash: readonly number[]): Line => ({ key: `${record.run.id} ${kind}`, label, series: record.curve(key), place: placeOn('epoch', kind, scale), color, dash, kind: 'whole', reach: 1 });
  return [line('epoch/val_accuracy', 'validation', `${whose}, test`, []), line('epoch/accuracy', 'train', `${whose}, training`, [2, 3])];
}
