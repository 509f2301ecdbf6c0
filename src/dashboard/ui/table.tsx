// A table of a few rows.
import type { ComponentChildren } from 'preact';
import './surfaces.css';

export interface Column<R> {
  key: string;
  title: string;
  /** Right-aligned. */
  number?: boolean;
  cell(row: R): ComponentChildren;
}

export function Table<R>({ label, columns, rows, rowKey, foot }: { label: string; columns: readonly Column<R>[]; rows: readonly R[]; rowKey(row: R): string; foot?: ComponentChildren }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table class="table">
        <thead><tr>{columns.map(({ key, title, number }) => <th key={key} scope="col" class={number ? 'number' : undefined}>{title}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map(({ key, cell, number }, at) => (at === 0 ? <th key={key} scope="row">{cell(row)}</th> : <td key={key} class={number ? 'number' : undefined}>{cell(row)}</td>))}
            </tr>
          ))}
        </tbody>
        {foot}
      </table>
    </div>
  );
}
