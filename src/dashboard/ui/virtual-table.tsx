// A table of any number of rows, of which only those near the window exist. Rows have one height. With the keyboard the
// whole table is one stop: arrows, Page Up and Down, Home and End go from row to row, Enter opens one.
import { Component, type ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Order } from '../lib/codecs.js';
import { classes } from './classes.js';
import { scrollTo, windowOf } from './window.js';
import './virtual-table.css';

export interface VirtualColumn<R> {
  key: string;
  title: string;
  /** A track of a CSS grid: `minmax(160px, 2fr)`. */
  width: string;
  number?: boolean;
  /** Whether rows can be ordered by it. */
  sortable?: boolean;
  /** Left out where the table is narrower than this many pixels. */
  from?: number;
  /** Stands in the head instead of the title. */
  head?: ComponentChildren;
  /** More of the title, for those who point at it. */
  hint?: string;
  cell(row: R): ComponentChildren;
}

export interface VirtualTableProps<R> {
  label: string;
  columns: readonly VirtualColumn<R>[];
  rows: readonly R[];
  rowKey(row: R): string;
  rowHeight?: number;
  order?: Order;
  onOrder?: (order: Order) => void;
  onOpen?: (row: R) => void;
  /** Rows that are marked. */
  selected?: ReadonlySet<string>;
  /** What a key does besides, at the place of the active row (-1: none): true where it has done all. */
  onKey?: (event: KeyboardEvent, at: number) => boolean;
  /** Pixels that all columns need; where there are fewer, it scrolls sideways. */
  minWidth?: number;
  /** Instead of rows, where there are none. */
  empty: ComponentChildren;
}

const HEAD = 40;

export function VirtualTable<R>({ label, columns, rows, rowKey, rowHeight = 48, order, onOrder, onOpen, selected, onKey, minWidth, empty }: VirtualTableProps<R>) {
  const id = useId();
  const ref = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 600 });
  const [[first, last], setWindow] = useState<readonly [number, number]>([0, 0]);
  const [active, setActive] = useState<string | null>(null);
  const look = () => {
    const { scrollTop: top } = ref.current!;
    const next = windowOf({ top, height: size.height, rowHeight, count: rows.length });
    setWindow((before) => (before[0] === next[0] && before[1] === next[1] ? before : next));
  };
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setSize({ width: entry.contentRect.width, height: entry.contentRect.height }));
    observer.observe(ref.current!);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(look, [rows.length, size.height, rowHeight]);

  const shown = useMemo(() => columns.filter(({ from = 0 }) => size.width === 0 || from <= size.width), [columns, size.width]);
  const tracks = { gridTemplateColumns: shown.map(({ width }) => width).join(' '), minWidth: minWidth === undefined ? undefined : `${minWidth}px` };
  const at = active === null ? -1 : rows.findIndex((row) => rowKey(row) === active);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== ref.current) return;
    if (onKey?.(event, at) === true) return event.preventDefault();
    const page = Math.max(1, Math.floor((size.height - HEAD) / rowHeight) - 1);
    const to = { ArrowDown: at + 1, ArrowUp: Math.max(0, at - 1), PageDown: at + page, PageUp: at - page, Home: 0, End: rows.length - 1 }[event.key];
    if (event.key === 'Enter' && at >= 0) onOpen?.(rows[at]!);
    else if (to !== undefined && rows.length > 0) {
      const row = Math.min(rows.length - 1, Math.max(0, to));
      setActive(rowKey(rows[row]!));
      const element = ref.current!;
      element.scrollTop = scrollTo(row, { top: element.scrollTop, height: size.height, rowHeight, head: HEAD });
    } else return;
    event.preventDefault();
  };
  const sort = (key: string) => onOrder?.({ by: key, descending: order?.by === key ? !order.descending : false });
  const inWindow = rows.slice(first, Math.min(last, rows.length));
  return (
    <div
      ref={ref} class="virtual" role="grid" aria-label={label} aria-rowcount={rows.length + 1} aria-colcount={shown.length} aria-multiselectable={selected !== undefined || undefined} tabIndex={0}
      aria-activedescendant={at >= first && at < last ? `${id}-${active}` : undefined} onKeyDown={onKeyDown} onScroll={look} onFocus={() => active === null && rows[0] !== undefined && setActive(rowKey(rows[0]))}
    >
      <div class="virtual-head" role="row" aria-rowindex={1} style={tracks}>
        {shown.map(({ key, title, head, hint, number, sortable = false }) => {
          const sorted = order?.by === key ? (order.descending ? 'descending' : 'ascending') : undefined;
          return (
            <div key={key} role="columnheader" class={classes(number && 'number')} aria-sort={sortable ? (sorted ?? 'none') : undefined}>
              {head ?? (sortable ? <button type="button" title={hint} onClick={() => sort(key)}>{title}<i aria-hidden="true">{sorted === undefined ? '' : sorted === 'descending' ? '↓' : '↑'}</i></button> : title)}
            </div>
          );
        })}
      </div>
      {rows.length === 0 ? <div role="row"><div role="gridcell">{empty}</div></div> : (
        <div class="virtual-body" role="rowgroup" style={{ height: `${rows.length * rowHeight}px`, minWidth: tracks.minWidth }}>
          {inWindow.map((row, index) => {
            const key = rowKey(row);
            return (
              <div
                key={key} id={`${id}-${key}`} class="virtual-row" role="row" aria-rowindex={first + index + 2} aria-selected={selected?.has(key)} data-active={key === active || undefined}
                style={{ ...tracks, height: `${rowHeight}px`, transform: `translateY(${(first + index) * rowHeight}px)` }}
                onClick={(event) => { setActive(key); if (!(event.target as Element).closest('a, button, input, label')) onOpen?.(row); }}
              >
                <Cells row={row} columns={shown as readonly VirtualColumn<never>[]} />
              </div>
            );
          })}
        </div>
      )}
    </div>
  );
}

/** What scrolling does not change is not made anew. */
class Cells extends Component<{ row: unknown; columns: readonly VirtualColumn<never>[] }> {
  override shouldComponentUpdate(next: { row: unknown; columns: unknown }): boolean {
    return next.row !== this.props.row || next.columns !== this.props.columns;
  }

  override render() {
    const { row, columns } = this.props;
    return <>{columns.map(({ key, number, cell }) => <div key={key} role="gridcell" class={classes(number && 'number')}>{cell(row as never)}</div>)}</>;
  }
}
