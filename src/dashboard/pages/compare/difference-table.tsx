// Where the specs differ, path by path. What is as in the first run is faint.
import { plain } from '../../lib/format.js';
import { hrefOf } from '../../lib/router.js';
import { palette } from '../../charts/palette.js';
import type { Compared } from './compared.js';
import type { Difference } from './differences.js';
import { Swatch } from './legend.js';
import type { Scalar } from '../../lib/spec-paths.js';

const text = (value: Scalar | null) => (value === null ? '–' : typeof value === 'number' ? plain(value) : String(value));

export function DifferenceTable({ runs, labels, differences, meant, onMeant }: Compared & { differences: readonly Difference[] }) {
  if (runs.length < 2) return <p class="muted">One run alone differs from nothing.</p>;
  if (differences.length === 0) return <p class="muted">The specs of these {runs.length} runs are the same.</p>;
  return (
    <div class="difference-scroll" tabIndex={0} role="region" aria-label="Differences of the specs">
      <table class="difference-table">
        <thead>
          <tr>
            <th scope="col">Path</th>
            {runs.map(({ id }) => (
              <th key={id} scope="col" data-meant={id === meant || undefined} onPointerEnter={() => onMeant(id)} onPointerLeave={() => onMeant(null)}>
                <a href={hrefOf('run', { params: { id } })} title={labels.get(id)}><Swatch {...palette.paintOf(id)} /><span>{labels.get(id)}</span></a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {differences.map(({ path, values }) => (
            <tr key={path}>
              <th scope="row"><code>{path}</code></th>
              {values.map((value, at) => <td key={runs[at]!.id} class={value === values[0] && at > 0 ? 'same' : undefined} data-meant={runs[at]!.id === meant || undefined}>{text(value)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
