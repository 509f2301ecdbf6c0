// How well each class is told from the others.
import type { Evaluation } from '../../../api/types.js';
import { count, percent } from '../../../lib/format.js';
import { Table } from '../../../ui/table.js';

const share = (value: number | null) => (value === null ? '–' : <span class="class-share"><i aria-hidden="true" style={{ transform: `scaleX(${value})` }} />{percent(value)}</span>);

export function ClassTable({ evaluation: { classes } }: { evaluation: Evaluation }) {
  return (
    <Table
      label="Precision and recall of each class" rows={classes} rowKey={({ label }) => label}
      columns={[
        { key: 'label', title: 'Class', cell: ({ label }) => label },
        { key: 'precision', title: 'Precision', number: true, cell: ({ precision }) => share(precision) },
        { key: 'recall', title: 'Recall', number: true, cell: ({ recall }) => share(recall) },
        { key: 'f1', title: 'F1', number: true, cell: ({ f1 }) => (f1 === null ? '–' : percent(f1)) },
        { key: 'support', title: 'Support', number: true, cell: ({ trueCount }) => count(trueCount) },
      ]}
    />
  );
}
