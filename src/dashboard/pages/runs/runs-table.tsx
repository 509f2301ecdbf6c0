// The table itself. Rows are marked by their boxes, with Shift up to the last one marked; or by the keyboard: Space,
// Shift with an arrow, Control+A for all, Escape for none.
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Run } from '../../api/types.js';
import type { Order } from '../../lib/codecs.js';
import { useWidth } from '../../ui/use-width.js';
import { VirtualTable, type VirtualColumn } from '../../ui/virtual-table.js';
import { besides, chosenColumn, leastWidth, usualColumns } from './run-cells.js';
import { allOrNone, extended, toggled, type Selection } from './selection.js';

export interface RunsTableProps {
  rows: readonly Run[];
  /** Those of one's choice. */
  columns: readonly string[];
  order: Order;
  onOrder(order: Order): void;
  /** When runs that wait are likely to start, by id. */
  starts: ReadonlyMap<string, string | null>;
  selection: Selection;
  onSelect(selection: Selection): void;
  onOpen(run: Run): void;
  empty: ComponentChildren;
}

const rowKey = ({ id }: Run) => id;

export function RunsTable({ rows, columns, order, onOrder, starts, selection, onSelect, onOpen, empty }: RunsTableProps) {
  const anchor = useRef<string | null>(null);
  const [host, width] = useWidth<HTMLDivElement>();
  const ids = () => rows.map(rowKey);
  const mark = (id: string, isRange: boolean) => {
    onSelect(isRange ? extended(selection, ids(), { from: anchor.current, to: id }) : toggled(selection, id));
    anchor.current = id;
  };
  const shown = useMemo(() => [...besides(usualColumns(starts), { chosen: columns.length, width }), ...columns.map(chosenColumn)], [starts, columns, width]);
  const marks: VirtualColumn<Run> = {
    key: 'mark', title: 'Marked', width: '20px',
    head: <AllBox rows={rows} selection={selection} onToggle={() => onSelect(allOrNone(selection, ids()))} />,
    cell: ({ id, name }) => <label class="mark-box"><input type="checkbox" tabIndex={-1} checked={selection.has(id)} aria-label={`Mark ${name}`} onClick={(event) => mark(id, event.shiftKey)} /></label>,
  };
  const onKey = (event: KeyboardEvent, at: number): boolean => {
    const run = rows[at];
    if (event.key === ' ' && run !== undefined) mark(run.id, event.shiftKey);
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) onSelect(new Set([...selection, ...ids()]));
    else if (event.key === 'Escape' && selection.size > 0) onSelect(new Set());
    else {
      const next = event.shiftKey ? rows[at + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0)] : undefined;
      // The table goes there by itself.
      if (run !== undefined && next !== undefined && next !== run) onSelect(new Set([...selection, run.id, next.id]));
      return false;
    }
    return true;
  };
  return (
    <div ref={host} class="runs-grid">
      <VirtualTable
        label="Runs" columns={[marks, ...shown]} rows={rows} rowKey={rowKey} order={order} onOrder={onOrder} onOpen={onOpen} onKey={onKey} rowHeight={52} selected={selection}
        {...(columns.length > 0 ? { minWidth: leastWidth([marks, ...shown], width) } : {})} empty={empty}
      />
    </div>
  );
}

function AllBox({ rows, selection, onToggle }: { rows: readonly Run[]; selection: Selection; onToggle(): void }) {
  const ref = useRef<HTMLInputElement>(null);
  const many = selection.size === 0 ? 0 : rows.reduce((sum, { id }) => sum + (selection.has(id) ? 1 : 0), 0);
  useEffect(() => {
    ref.current!.indeterminate = many > 0 && many < rows.length;
  });
  return <label class="mark-box"><input ref={ref} type="checkbox" checked={many > 0 && many === rows.length} disabled={rows.length === 0} aria-label="Mark all that are shown" onChange={onToggle} /></label>;
}
