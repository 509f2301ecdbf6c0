// Which hyperparameters and metrics have columns of their own: any that the runs of the list have.
import { useMemo, useState } from 'preact/hooks';
import type { Run } from '../../api/types.js';
import { pathsOf } from '../../lib/spec-paths.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { TextField } from '../../ui/field.js';

export function ColumnPicker({ runs, chosen, onChange, onClose }: { runs: readonly Run[]; chosen: readonly string[]; onChange(columns: readonly string[]): void; onClose(): void }) {
  const [query, setQuery] = useState('');
  // As they were when it was opened: a list that is read anew each second must not move beneath the pointer.
  const [opened] = useState({ runs, chosen });
  const known = useMemo(() => {
    const metrics = [...new Set(opened.runs.flatMap((run) => Object.keys(run.metrics)))].sort().map((name) => `metrics.${name}`);
    const paths = pathsOf(opened.runs.map(({ spec }) => spec)).map((path) => `spec.${path}`);
    const all = [...metrics, ...paths];
    return { chosen: opened.chosen.filter((column) => !all.includes(column)), metrics, paths };
  }, [opened]);
  const fits = (column: string) => column.toLowerCase().includes(query.trim().toLowerCase());
  const toggle = (column: string) => onChange(chosen.includes(column) ? chosen.filter((one) => one !== column) : [...chosen, column]);
  const group = (title: string, columns: readonly string[]) => {
    const shown = columns.filter(fits);
    return shown.length > 0 && (
      <fieldset>
        <legend>{title}</legend>
        {shown.map((column) => (
          <label key={column}><input type="checkbox" checked={chosen.includes(column)} onChange={() => toggle(column)} /> <span>{column.slice(column.indexOf('.') + 1)}</span></label>
        ))}
      </fieldset>
    );
  };
  const none = ![...known.chosen, ...known.metrics, ...known.paths].some(fits);
  return (
    <Dialog title="Columns" onClose={onClose} buttons={<>{chosen.length > 0 && <Button onClick={() => onChange([])}>Clear</Button>}<Button primary onClick={onClose}>Done</Button></>}>
      <div class="column-picker">
        <TextField label="Find a column" hideLabel type="search" placeholder="learningRate, batchSize, units…" value={query} onInput={setQuery} />
        <div class="column-list" tabIndex={0} role="group" aria-label="Columns">
          {group('In the address, of no run here', known.chosen)}
          {group('Metrics', known.metrics)}
          {group('Hyperparameters', known.paths)}
          {none && <p class="muted small">No run has anything of that name.</p>}
        </div>
      </div>
    </Dialog>
  );
}
