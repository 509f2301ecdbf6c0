// A chart with its title and its legend, which is also its readout: it tells the latest values, or those under the
// cross-hair, which follows the pointer and the arrow keys.
import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { paint } from '../lib/theme.js';
import { Button } from '../ui/button.js';
import { formatPlace, type AxisKind } from './axis.js';
import type { ChartGroup } from './group.js';
import { readAt, type Line } from './line.js';
import type { Mark } from './paint.js';
import { Plot } from './plot.js';
import { useSpoken } from './spoken.js';
import './charts.css';

export interface CurvesProps {
  /** For tests and styles. */
  name: string;
  title: string;
  lines: readonly Line[];
  /** Must change whenever one of the lines has grown. */
  version: number;
  group: ChartGroup;
  /** The whole of the axis. */
  domain: readonly [number, number];
  zoom: readonly [number, number] | null;
  onZoom(zoom: readonly [number, number] | null): void;
  /** How values read. */
  format(value: number): string;
  /** How they read beside the axis, where that is shorter. */
  axisFormat?: (value: number) => string;
  axis: AxisKind;
  /** How far the arrow keys go, and PageUp and PageDown. */
  stride?: { small: number; large: number };
  log?: boolean;
  smoothing?: number;
  /** The least and the greatest possible value. */
  limits?: readonly [number, number];
  /** A low one without a choice of range. */
  small?: boolean;
  /** What happened where on the axis. */
  marks?: readonly Mark[];
}

const NONE: readonly Mark[] = [];
const UNLIMITED = [-Infinity, Infinity] as const;

export function Curves(props: CurvesProps) {
  const { name, title, lines, version, group, domain, zoom, onZoom, format, axisFormat = format, axis, log = false, smoothing = 0, limits = UNLIMITED, small = false, marks = NONE } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const [full, setFull] = useState(false);
  // Functions are made anew with each render; what they do changes only with the lines.
  const latest = useRef({ onZoom, axisFormat });
  latest.current = { onZoom, axisFormat };

  useEffect(() => {
    const element = host.current!;
    const made = (plot.current = new Plot(element, {
      onHover: (place) => (group.hover.value = place),
      onZoom: (next) => latest.current.onZoom(next),
      onPoints: (points) => void (element.dataset.points = String(points)),
    }));
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [group]);
  useEffect(() => {
    plot.current?.show({
      lines, axis, domain, zoom, log, smoothing, full: full || small, limits, small, marks,
      formatValue: (value) => latest.current.axisFormat(value),
    });
  }, [group, version, lines, axis, ...domain, zoom?.[0], zoom?.[1], log, smoothing, full, ...limits, small, marks]);
  useSignalEffect(() => plot.current?.hover(group.hover.value));
  useSignalEffect(() => {
    if (paint.value > 0) plot.current?.repaint();
  });

  const at = group.hover.value;
  const where = at === null ? 'latest' : `${axis} ${formatPlace(axis, at)}`;
  const readings = lines.map((line) => ({ line, text: readAt(line, at, format) }));
  const spoken = useSpoken(`${where}: ${readings.map(({ line, text }) => `${line.label} ${text}`).join(', ')}`, at !== null);
  const onKeyDown = (event: KeyboardEvent) => {
    const done = steer(event.key, props, at);
    if (done === null) return;
    event.preventDefault();
    if ('hover' in done) group.hover.value = done.hover;
    else onZoom(done.zoom);
  };
  return (
    <figure class={`chart${small ? ' chart-small' : ''}`} data-chart={name} data-version={version}>
      <figcaption>
        <h3>{title}</h3>
        <span class="chart-where">{where}</span>
        <span class="chart-buttons">
          {zoom !== null && !small && <Button quiet onClick={() => onZoom(null)}>Reset zoom</Button>}
          {!small && <Button quiet pressed={full} title="Also the first batches and single spikes, which lie outside" onClick={() => setFull(!full)}>Full range</Button>}
        </span>
      </figcaption>
      <ul class="chart-legend">
        {readings.map(({ line, text }) => (
          <li key={line.key} data-line={line.key}>
            {lines.length > 1 && <span><Swatch line={line} /> {line.label}</span>}
            <b>{text}</b>
          </li>
        ))}
      </ul>
      <div
        ref={host} class="chart-plot" tabIndex={0} role="slider" aria-orientation="horizontal" onKeyDown={onKeyDown} onBlur={() => (group.hover.value = null)}
        aria-label={`${title} by ${axis}. Arrow keys move the cross-hair, plus and minus zoom, 0 shows all.`}
        aria-valuemin={Math.round(domain[0])} aria-valuemax={Math.round(domain[1])} aria-valuenow={Math.round(at ?? domain[1])}
        aria-valuetext={spoken}
      />
    </figure>
  );
}

function Swatch({ line: { color, dash = [], kind } }: { line: Line }) {
  return (
    <svg width="18" height="8" aria-hidden="true">
      <line x1="0" x2="18" y1="4" y2="4" style={{ stroke: color, strokeWidth: kind === 'raw' ? 2 : 3, strokeDasharray: dash.join(' '), opacity: kind === 'raw' ? 0.55 : 1 }} />
    </svg>
  );
}

/** What a key asks for; null for nothing. */
function steer(key: string, { domain, zoom, stride, lines }: CurvesProps, at: number | null): { hover: number | null } | { zoom: readonly [number, number] | null } | null {
  const [from, to] = zoom ?? domain;
  const small = stride?.small ?? (to - from) / 200;
  const last = Math.min(to, Math.max(from, ...lines.filter(({ series }) => series.length > 0).map(({ series, place }) => place(series.to[series.length - 1]!))));
  const here = at ?? last;
  const move = { ArrowLeft: -small, ArrowRight: small, PageDown: -(stride?.large ?? small * 10), PageUp: stride?.large ?? small * 10 }[key];
  if (move !== undefined) return { hover: Math.min(to, Math.max(from, here + move)) };
  if (key === 'Home') return { hover: from };
  if (key === 'End') return { hover: last };
  if (key === 'Escape') return { hover: null };
  if (key === '0') return { zoom: null };
  if (key !== '+' && key !== '=' && key !== '-') return null;
  const half = ((to - from) / 2) * (key === '-' ? 2 : 0.5);
  const wide = half * 2 >= domain[1] - domain[0];
  const start = Math.min(Math.max(domain[0], here - half), Math.max(domain[0], domain[1] - half * 2));
  return { zoom: wide ? null : [start, start + half * 2] };
}
