// A confusion matrix as a table whose cells are coloured: right ones in one colour, mistakes in another.
import type { Evaluation } from '../../../api/types.js';
import { count } from '../../../lib/format.js';
import { strengthOf, total } from './matrix.js';

export function ConfusionMatrix({ evaluation: { labels, confusionMatrix, epoch } }: { evaluation: Evaluation }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Confusion matrix">
      <table class="confusion">
        <caption class="hidden-text">Confusion matrix after epoch {epoch}: a row for each true class, a column for each predicted one.</caption>
        <thead>
          <tr><td /><th scope="colgroup" colSpan={labels.length} class="confusion-axis">predicted</th></tr>
          <tr><th scope="col" class="confusion-axis">true</th>{labels.map((label) => <th key={label} scope="col">{label}</th>)}</tr>
        </thead>
        <tbody>
          {confusionMatrix.map((row, truth) => (
            <tr key={labels[truth]}>
              <th scope="row">{labels[truth]}</th>
              {row.map((cell, predicted) => (
                <td
                  key={predicted} data-right={truth === predicted || undefined} data-zero={cell === 0 || undefined} title={`${labels[truth]} taken for ${labels[predicted]}: ${count(cell)} of ${count(total(row))}`}
                  style={{ '--strength': `${(strengthOf(cell, total(row), truth === predicted) * 42).toFixed(1)}%` } as Record<string, string>}
                >{count(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
