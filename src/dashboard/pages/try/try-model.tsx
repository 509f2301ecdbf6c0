// The sheet, the answer beside it, and what happens in between.
import { useEffect, useRef } from 'preact/hooks';
import type { Run } from '../../api/types.js';
import { lossOf } from '../../lib/answers.js';
import * as codecs from '../../lib/codecs.js';
import { useUrlState } from '../../lib/router.js';
import { several } from '../../lib/format.js';
import { DigitSheet, type SheetHandle } from '../../ui/digit-sheet.js';
import { Probabilities } from '../../ui/probabilities.js';
import { Card } from '../../ui/surfaces.js';
import { toPrediction } from '../../../portable/answer.js';
import type { Checkpoint } from './checkpoints.js';
import { Layers } from './layers.js';
import type { FirstWeights } from './messages.js';
import { PictureChoice } from './picture-choice.js';
import { PlanesView } from './planes-view.js';
import { Scrubber } from './scrubber.js';
import { toInput } from './suits.js';
import { useAnswer, useWeights, type OpenModel } from './use-model.js';

const STEP = codecs.number(0, { least: 0, whole: true });
const FIRST_SIZE = { least: 28, most: 84, height: 360 };

export function TryModel({ run, model, checkpoints }: { run: Run; model: OpenModel; checkpoints: readonly Checkpoint[] }) {
  const { metadata, layers } = model;
  const labels = metadata.labels ?? [];
  const [step, setStep] = useUrlState('step', STEP);
  const chosen = checkpoints.find((checkpoint) => checkpoint.step === step);
  const weights = useWeights(model, chosen);
  const { answer, error, ask, forget } = useAnswer(model);
  const sheet = useRef<SheetHandle | null>(null);
  /** What is on the sheet, as the model takes it. */
  const look = useRef<() => Float32Array | null>(() => null);
  const show = (pixels: () => ArrayLike<number> | null) => {
    look.current = () => {
      const seen = pixels();
      return seen === null ? null : toInput(seen, metadata);
    };
    ask(look.current);
  };
  useEffect(() => ask(look.current), [weights.key]);
  const clear = () => {
    look.current = () => null;
    forget();
  };
  const { probabilities = null } = answer === null ? {} : toPrediction([...answer.outputs], { loss: lossOf(run), labels });
  return (
    <>
      <div class="try-top">
        <Card title="Draw a digit">
          <PictureChoice onPicture={(pixels) => { sheet.current?.show(pixels); show(() => pixels); }}>
            {(choose) => <DigitSheet handle={sheet} actions={choose} onDraw={(seen) => show(() => seen()?.flat() ?? null)} onClear={clear} />}
          </PictureChoice>
        </Card>
        <Card title="The answer">
          <div aria-busy={weights.busy} class="try-answer" data-weights={weights.key}>
            <Probabilities labels={labels} answer={probabilities} error={error} invitation="Draw a digit, or drop a picture." />
            <Scrubber run={run} checkpoints={checkpoints} chosen={chosen} onChoose={(checkpoint) => setStep(checkpoint?.step ?? 0)} error={weights.error} />
          </div>
        </Card>
        {weights.first !== null && <First weights={weights.first} />}
      </div>
      <Card title="Layer by layer">
        <Legend />
        <Layers layers={layers} activations={answer?.activations ?? null} />
      </Card>
    </>
  );
}

/** What the first layer has learnt to look for. */
function First({ weights }: { weights: FirstWeights }) {
  const { kind, layer, count, height, width } = weights;
  const what = kind === 'filters' ? `${several(count, 'filter')} of ${height} × ${width}` : `${count === 1 ? 'the unit' : `each of ${several(count, 'unit')}`}: its weight of every pixel`;
  return (
    <Card title={kind === 'filters' ? 'Filters of the first layer' : 'Weights of the first layer'}>
      <p class="muted small try-note">{layer}, {what}.</p>
      <PlanesView planes={weights} size={FIRST_SIZE} label={`${layer}: ${what}`} />
    </Card>
  );
}

function Legend() {
  return <p class="muted small try-note">What each layer makes of the picture, each by its own greatest value: <b class="try-key" data-sign="plus" /> positive, <b class="try-key" data-sign="minus" /> negative.</p>;
}
