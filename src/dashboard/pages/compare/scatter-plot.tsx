// One quantity against another, a dot for each run. With the keyboard the arrows go from dot to dot, Enter opens its run.
import { go, hrefOf } from '../../lib/router.js';
import { palette } from '../../charts/palette.js';
import { useWidth } from '../../ui/use-width.js';
import type { Compared } from './compared.js';
import { scaleOf, type Quantity } from './quantities.js';

export interface ScatterPlotProps extends Compared {
  x: Quantity;
  y: Quantity;
  /** Whether the run at an index is among those that are wanted. */
  isIn(index: number): boolean;
}

const HEIGHT = 300;
const LEFT = 76;
const RIGHT = 28;
const TOP = 26;
const BOTTOM = 46;

export function ScatterPlot({ runs, labels, x, y, isIn, meant, onMeant }: ScatterPlotProps) {
  const [host, width] = useWidth<HTMLDivElement>();
  const [across, up] = [scaleOf(x), scaleOf(y)];
  // A margin within, so that no dot sits on a border.
  const xOf = (at: number) => LEFT + (0.04 + at * 0.92) * (width - LEFT - RIGHT);
  const yOf = (at: number) => TOP + (0.04 + (1 - at) * 0.92) * (HEIGHT - TOP - BOTTOM);
  const read = (quantity: Quantity, index: number) => {
    const value = quantity.values[index] ?? null;
    return typeof value === 'number' ? quantity.format(value) : (value ?? '–');
  };
  const dots = runs.map((run, index) => ({ run, index, left: across.place(x.values[index] ?? null), top: up.place(y.values[index] ?? null) })).filter((dot): dot is typeof dot & { left: number; top: number } => dot.left !== null && dot.top !== null);
  const inOrder = [...dots].sort((a, b) => a.left - b.left || a.top - b.top);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = inOrder.findIndex(({ run }) => run.id === meant);
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (event.key === 'Enter' && meant !== null) go(hrefOf('run', { params: { id: meant } }));
    else if (event.key === 'Escape') onMeant(null);
    else if (by !== undefined && inOrder.length > 0) onMeant(inOrder[(at + by + inOrder.length) % inOrder.length]!.run.id);
    else return;
    event.preventDefault();
  };
  const told = dots.find(({ run }) => run.id === meant);
  const about = told === undefined ? `${dots.length} of ${runs.length} runs have both` : `${labels.get(told.run.id)}: ${x.label} ${read(x, told.index)}, ${y.label} ${read(y, told.index)}`;
  return (
    <div ref={host} class="scatter">
      {width > 0 && (
        <svg width={width} height={HEIGHT} tabindex={0} role="application" aria-label={`${y.label} against ${x.label}. The arrow keys go from run to run.`} onKeyDown={onKeyDown} onPointerLeave={() => onMeant(null)}>
          {up.ticks.map(({ at, text }) => <g key={text}><line class="scatter-grid" x1={LEFT} x2={width - RIGHT} y1={yOf(at)} y2={yOf(at)} /><text x={LEFT - 8} y={yOf(at)} text-anchor="end" dominant-baseline="middle">{text}</text></g>)}
          {across.ticks.map(({ at, text }) => <text key={text} x={xOf(at)} y={HEIGHT - BOTTOM + 18} text-anchor="middle">{text}</text>)}
          <line class="scatter-axis" x1={LEFT} x2={width - RIGHT} y1={HEIGHT - BOTTOM + 0.5} y2={HEIGHT - BOTTOM + 0.5} />
          <text class="scatter-name" x={width - RIGHT} y={HEIGHT - 8} text-anchor="end">{x.label}{across.kind === 'log' && ' (log)'}</text>
          <text class="scatter-name" x={LEFT} y={TOP - 2} text-anchor="start">{y.label}{up.kind === 'log' && ' (log)'}</text>
          {dots.map(({ run: { id, name }, index, left, top }) => (
            <circle
              key={id} cx={xOf(left)} cy={yOf(top)} r={id === meant ? 8 : 5.5} class={`${isIn(index) ? '' : 'out'}${id === meant ? ' meant' : ''}`} style={{ fill: palette.paintOf(id).color }}
              onPointerEnter={() => onMeant(id)} onClick={() => go(hrefOf('run', { params: { id } }))}
            ><title>{`${labels.get(id) ?? name}: ${read(x, index)}, ${read(y, index)}`}</title></circle>
          ))}
        </svg>
      )}
      <p class="small muted scatter-told" aria-live="polite">{about}</p>
    </div>
  );
}
