// The chart of many runs: a cross-hair by pointer and arrow keys, a span to look at closer, and the trace that is meant.
import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { paint } from '../../lib/theme.js';
import { OverlayCanvas, type OverlayView } from './overlay-canvas.js';
import { nearestPoint, type Trace } from './trace.js';

export interface OverlayChartProps extends OverlayView {
  title: string;
  /** What the axis counts. */
  axisName: string;
  zoom: readonly [number, number] | null;
  onZoom(zoom: readonly [number, number] | null): void;
  /** Where the cross-hair stands, told to the legend as well. */
  place: number | null;
  onPlace(place: number | null): void;
  /** The id of the trace that stands out. */
  meant: string | null;
  onMeant(id: string | null): void;
}

export function OverlayChart({ title, axisName, zoom, onZoom, place, onPlace, meant, onMeant, ...view }: OverlayChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<OverlayCanvas | null>(null);
  const from = useRef<number | null>(null);
  const [span, setSpan] = useState<readonly [number, number] | null>(null);
  const { traces, bands, frame } = view;
  const trace = meant === null ? null : ([...bands, ...traces].find(({ id }) => id === meant) ?? null);

  useEffect(() => {
    const element = host.current!;
    const made = (canvas.current = new OverlayCanvas(element, (ms) => {
      element.dataset.drawMs = ms.toFixed(1);
      element.dataset.drawn = String(Number(element.dataset.drawn ?? 0) + 1);
    }));
    return () => {
      made.destroy();
      canvas.current = null;
    };
  }, []);
  useEffect(() => canvas.current?.show(view), [traces, bands, frame.x[0], frame.x[1], frame.y[0], frame.y[1], view.log, view.isFaint, view.formatPlace, view.formatValue]);
  useEffect(() => canvas.current?.hover({ place, trace, span }), [place, trace, span]);
  useSignalEffect(() => {
    if (paint.value > 0) canvas.current?.repaint();
  });

  const at = (event: PointerEvent) => {
    const box = host.current!.getBoundingClientRect();
    return { left: event.clientX - box.left, top: event.clientY - box.top };
  };
  const onMove = (event: PointerEvent) => {
    const { left, top } = at(event);
    const here = canvas.current!.placeAt(left);
    onPlace(here);
    if (from.current === null) onMeant(canvas.current!.traceAt(left, top)?.id ?? null);
    else setSpan([Math.min(from.current, here), Math.max(from.current, here)]);
  };
  const onUp = () => {
    const wide = span !== null && span[1] - span[0] > (frame.x[1] - frame.x[0]) / 100;
    if (wide) onZoom(span);
    from.current = null;
    setSpan(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const [low, high] = frame.x;
    const here = place ?? high;
    const step = ((high - low) / 100) * (event.shiftKey ? 10 : 1);
    const half = (high - low) / 4;
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') onPlace(Math.min(high, Math.max(low, here + (event.key === 'ArrowLeft' ? -step : step))));
    else if (event.key === 'Home' || event.key === 'End') onPlace(event.key === 'Home' ? low : high);
    else if (event.key === 'Escape') onPlace(null);
    else if (event.key === '0') onZoom(null);
    else if (event.key === '+' || event.key === '=') onZoom([Math.max(low, here - half), Math.min(high, here + half)]);
    else if (event.key === '-') onZoom(null);
    else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') onMeant(next(traces, here, { meant, by: event.key === 'ArrowUp' ? 1 : -1 }));
    else return;
    event.preventDefault();
  };
  const where = place === null ? 'all' : `${axisName} ${view.formatPlace(place)}`;
  return (
    <div
      ref={host} class="overlay" tabIndex={0} role="slider" aria-label={`${title} by ${axisName} of ${traces.length} runs. Left and right move the cross-hair, up and down go from curve to curve, plus zooms in, 0 shows all.`}
      aria-valuemin={0} aria-valuemax={100} aria-valuenow={place === null ? 100 : Math.round(((place - frame.x[0]) / (frame.x[1] - frame.x[0])) * 100)} aria-valuetext={trace === null ? where : `${where}: ${trace.label} ${readTrace(trace, place, view.formatValue)}`}
      data-traces={traces.length} data-points={traces.reduce((sum, { x }) => sum + x.length, 0)} data-zoomed={zoom !== null || undefined}
      onKeyDown={onKeyDown} onBlur={() => onPlace(null)} onPointerMove={onMove} onPointerLeave={() => { if (from.current === null) { onPlace(null); onMeant(null); } }}
      onPointerDown={(event) => { if (event.button !== 0 || event.pointerType === 'touch') return; from.current = canvas.current!.placeAt(at(event).left); host.current!.setPointerCapture(event.pointerId); }} onPointerUp={onUp} onDblClick={() => onZoom(null)}
    />
  );
}

/** What a trace says at a place, or last. */
export function readTrace({ x, y, low, high }: Trace, place: number | null, format: (value: number) => string): string {
  const at = place === null ? x.length - 1 : nearestPoint(x, place);
  // Beyond its end a run says nothing; within half a step of it, it does.
  const reach = x.length > 1 ? (x[x.length - 1]! - x[0]!) / (x.length - 1) : Infinity;
  if (at < 0 || (place !== null && Math.abs(x[at]! - place) > reach * 0.75)) return '–';
  return low !== null && high !== null && high[at]! > low[at]! && !Number.isFinite(y[at]!) ? `${format(low[at]!)} to ${format(high[at]!)}` : format(y[at]!);
}

/** The next curve above or below at a place. */
function next(traces: readonly Trace[], place: number, { meant, by }: { meant: string | null; by: 1 | -1 }): string | null {
  const valued = traces.map((trace) => ({ id: trace.id, value: trace.y[nearestPoint(trace.x, place)] ?? NaN })).filter(({ value }) => Number.isFinite(value)).sort((a, b) => a.value - b.value);
  const at = valued.findIndex(({ id }) => id === meant);
  return valued[at < 0 ? (by > 0 ? 0 : valued.length - 1) : Math.min(valued.length - 1, Math.max(0, at + by))]?.id ?? null;
}
