// Each run as a line through axes of what was chosen and what came of it. Spans of axes are chosen by pulling on them,
// or by the handles at their ends with the arrow keys; what lies outside of one is faint everywhere.
import { useRef, useState } from 'preact/hooks';
import { palette } from '../../charts/palette.js';
import { useWidth } from '../../ui/use-width.js';
import type { Compared } from './compared.js';
import { passes, placesOf, type Brushes, type Quantity, type Scale } from './quantities.js';

export interface Axis {
  quantity: Quantity;
  scale: Scale;
}

export interface ParallelPlotProps extends Compared {
  axes: readonly Axis[];
  brushes: Brushes;
  onBrush(brushes: Brushes): void;
}

const HEIGHT = 300;
const TOP = 44;
const BOTTOM = 16;
const SIDE = 64;
const yOf = (at: number) => TOP + (1 - at) * (HEIGHT - TOP - BOTTOM);

export function ParallelPlot({ runs, labels, axes, brushes, onBrush, meant, onMeant }: ParallelPlotProps) {
  const [host, shown] = useWidth<HTMLDivElement>();
  const width = Math.max(shown, axes.length * 116);
  const xOf = (axis: number) => (axes.length === 1 ? width / 2 : SIDE + (axis / (axes.length - 1)) * (width - 2 * SIDE));
  const set = ({ quantity: { key }, scale }: Axis, brush: readonly [number, number] | null) => {
    const next = new Map(brushes);
    if (brush === null || (brush[0] <= 0 && brush[1] >= 1)) next.delete(key);
    else next.set(key, [scale.valueAt(brush[0]), scale.valueAt(brush[1])]);
    onBrush(next);
  };
  const lines = runs.map((run, index) => ({ run, isIn: passes(index, brushes, axes), path: pathOf(axes, index, xOf) }));
  // Those that are meant lie on top.
  const order = (line: (typeof lines)[number]) => (line.run.id === meant ? 2 : line.isIn ? 1 : 0);
  return (
    <div ref={host} class="parallel" tabIndex={0} role="region" aria-label="Parallel coordinates">
      {width > 0 && (
        <svg width={width} height={HEIGHT} onPointerLeave={() => onMeant(null)}>
          <g aria-hidden="true">
            {[...lines].sort((a, b) => order(a) - order(b)).map(({ run: { id }, isIn, path }) => (
              <path key={id} class={`parallel-line${isIn ? '' : ' out'}${id === meant ? ' meant' : ''}`} d={path} style={{ stroke: palette.paintOf(id).color }} onPointerEnter={() => onMeant(id)}><title>{labels.get(id)}</title></path>
            ))}
          </g>
          {axes.map((axis, at) => {
            const brush = brushes.get(axis.quantity.key);
            return <AxisPart key={axis.quantity.key} axis={axis} x={xOf(at)} brush={brush === undefined ? null : placesOf(brush, axis.scale)} onBrush={(next) => set(axis, next)} />;
          })}
        </svg>
      )}
    </div>
  );
}

function pathOf(axes: readonly Axis[], index: number, xOf: (axis: number) => number): string {
  let isDown = false;
  return axes.map(({ quantity, scale }, axis) => {
    const at = scale.place(quantity.values[index] ?? null);
    const command = at === null ? '' : `${isDown ? 'L' : 'M'}${xOf(axis).toFixed(1)} ${yOf(at).toFixed(1)}`;
    isDown = at !== null;
    return command;
  }).join('');
}

function AxisPart({ axis: { quantity, scale }, x, brush, onBrush }: { axis: Axis; x: number; brush: readonly [number, number] | null; onBrush(brush: readonly [number, number] | null): void }) {
  const from = useRef<number | null>(null);
  const [draft, setDraft] = useState<readonly [number, number] | null>(null);
  const shown = draft ?? brush;
  const placeOf = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).closest('svg')!.getBoundingClientRect();
    return Math.min(1, Math.max(0, 1 - (event.clientY - box.top - TOP) / (HEIGHT - TOP - BOTTOM)));
  };
  const onMove = (event: PointerEvent) => {
    if (from.current === null) return;
    const here = placeOf(event);
    setDraft([Math.min(from.current, here), Math.max(from.current, here)]);
  };
  const onUp = () => {
    // A mere press takes the brush away.
    if (from.current !== null) onBrush(draft !== null && draft[1] - draft[0] > 0.02 ? draft : null);
    from.current = null;
    setDraft(null);
  };
  const handle = (end: 0 | 1) => {
    const [low, high] = shown ?? [0, 1];
    const at = end === 0 ? low : high;
    const onKeyDown = (event: KeyboardEvent) => {
      const step = event.shiftKey ? 0.1 : 0.02;
      const by = { ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step }[event.key];
      if (event.key === 'Escape' || event.key === 'Delete') onBrush(null);
      else if (by === undefined) return;
      else onBrush(end === 0 ? [Math.min(high, Math.max(0, low + by)), high] : [low, Math.max(low, Math.min(1, high + by))]);
      event.preventDefault();
    };
    return (
      <rect
        class="parallel-handle" x={x - 9} y={yOf(at) - 4} width={18} height={8} rx={3} tabindex={0} role="slider" aria-orientation="vertical" aria-label={`${quantity.label}, ${end === 0 ? 'from' : 'to'}`}
        aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(at * 100)} aria-valuetext={scale.textAt(at)} onKeyDown={onKeyDown}
      />
    );
  };
  return (
    <g class="parallel-axis" data-brushed={brush !== null || undefined}>
      <text class="parallel-name" x={x} y={16} text-anchor="middle">{clipped(quantity.label)}<title>{quantity.key}</title></text>
      {scale.kind === 'log' && <text class="parallel-tick" x={x} y={31} text-anchor="middle">log</text>}
      <line x1={x} x2={x} y1={yOf(0)} y2={yOf(1)} />
      {scale.ticks.map(({ at, text }) => <text key={text} class="parallel-tick" x={x + 14} y={yOf(at)} dominant-baseline="middle">{clipped(text)}</text>)}
      <rect
        class="parallel-pull" x={x - 16} y={yOf(1)} width={32} height={yOf(0) - yOf(1)} onPointerMove={onMove} onPointerUp={onUp} onPointerCancel={onUp}
        onPointerDown={(event) => { from.current = placeOf(event); (event.currentTarget as Element).setPointerCapture(event.pointerId); }}
      />
      {shown !== null && <rect class="parallel-brush" x={x - 7} y={yOf(shown[1])} width={14} height={Math.max(2, yOf(shown[0]) - yOf(shown[1]))} rx={3} />}
      {handle(0)}
      {handle(1)}
    </g>
  );
}

const clipped = (text: string) => (text.length > 17 ? `…${text.slice(-16)}` : text);
