// Examples of the validation set with what the model took them for, the wrong ones first.
import type { Dataset, Evaluation } from '../../../api/types.js';
import { addressOf } from '../../../lib/base.js';

/** Pictures in a row of what the service answers. */
const COLUMNS = 10;
const SIZE = 64;

export function Samples({ evaluation: { samples, labels, split }, dataset }: { evaluation: Evaluation; dataset: Dataset | undefined }) {
  if (samples.length === 0) return null;
  const isPicture = dataset?.inputShape.length === 3;
  const sprite = isPicture ? addressOf(`v1/datasets/${encodeURIComponent(dataset.name)}/images?split=${split}&indices=${samples.map(({ index }) => index).join(',')}`) : null;
  const columns = Math.min(samples.length, COLUMNS);
  const [rows = 1, cells = 1] = dataset?.inputShape ?? [];
  const height = Math.round((SIZE * rows) / cells);
  return (
    <ol class="samples" tabIndex={0} aria-label="Sample predictions, the wrong ones first">
      {samples.map(({ index, trueClass, predictedClass, trueProbability, predictedProbability }, at) => {
        const isRight = trueClass === predictedClass;
        return (
          <li key={index} data-right={isRight || undefined} title={`Example ${index} of the ${split} split`}>
            {sprite !== null && <span class="sample-picture" role="img" aria-label={`Example ${index}`} style={{ height: `${height}px`, backgroundImage: `url("${sprite}")`, backgroundSize: `${columns * SIZE}px auto`, backgroundPosition: `${-(at % COLUMNS) * SIZE}px ${-Math.floor(at / COLUMNS) * height}px` }} />}
            <b><span>said</span> {labels[predictedClass]} <span>{chance(predictedProbability)}</span></b>
            <span class="sample-truth">{isRight ? 'right' : <>is <b>{labels[trueClass]}</b> <span>{chance(trueProbability)}</span></>}</span>
          </li>
        );
      })}
    </ol>
  );
}

const chance = (value: number) => `${value > 0.995 && value < 1 ? '>99' : value > 0 && value < 0.005 ? '<1' : Math.round(value * 100)} %`;
