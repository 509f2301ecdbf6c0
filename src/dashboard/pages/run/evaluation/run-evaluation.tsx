// What a classifier said of its validation examples, after any epoch. Nothing, for runs that have no such thing.
import { useEffect } from 'preact/hooks';
import { api, take } from '../../../api/client.js';
import { ApiError } from '../../../api/error.js';
import { useResource } from '../../../api/resource.js';
import type { Run } from '../../../api/types.js';
import * as codecs from '../../../lib/codecs.js';
import { count, percent, several } from '../../../lib/format.js';
import { useUrlState } from '../../../lib/router.js';
import type { RunRecord } from '../../../live/run-record.js';
import { Button } from '../../../ui/button.js';
import { Range } from '../../../ui/field.js';
import { Card, ErrorNote } from '../../../ui/surfaces.js';
import { ClassTable } from './class-table.js';
import { ConfusionMatrix } from './confusion-matrix.js';
import { placeOfEpoch, rightOf, topConfusions } from './matrix.js';
import { Samples } from './samples.js';
import { useEvaluation } from './use-evaluation.js';
import './evaluation.css';

/** 0 is the latest. */
const EPOCH = codecs.number(0, { least: 0, whole: true });

export function RunEvaluation({ run, record }: { run: Run; record: RunRecord }) {
  const [asked, setAsked] = useUrlState('evaluation', EPOCH);
  const { epochs, evaluation, error, reload } = useEvaluation(run, record, asked === 0 ? null : asked);
  const { name } = run.spec.dataset;
  const { data: dataset } = useResource(`dataset ${name}`, (signal) => take(api.GET('/v1/datasets/{name}', { params: { path: { name } }, signal })));
  // A link to an epoch that was trained again, or not yet.
  const isAstray = error instanceof ApiError && error.status === 404 && asked !== 0;
  useEffect(() => {
    if (isAstray) setAsked(0);
  }, [isAstray]);
  if (evaluation === null) return null;
  const { confusionMatrix, labels, unpredictedCount } = evaluation;
  const { right, all } = rightOf(confusionMatrix);
  const whole = all + unpredictedCount;
  const mistakes = topConfusions(confusionMatrix, 3);
  const place = placeOfEpoch(epochs, asked === 0 ? null : asked);
  return (
    <Card title="Evaluation">
      <div class="evaluation-bar">
        <Range label="Epoch" value={place} min={0} max={Math.max(0, epochs.length - 1)} step={1} onChange={(at) => setAsked(at === epochs.length - 1 ? 0 : (epochs[at] ?? 0))} format={(at) => String(epochs[at] ?? '')} />
        <Button quiet pressed={asked === 0} title="Stay with the newest epoch" onClick={() => setAsked(asked === 0 ? (epochs.at(-1) ?? 0) : 0)}>Latest</Button>
        <p role="status"><b>{percent(whole === 0 ? NaN : right / whole)}</b> <span class="muted">right: {count(right)} of {several(whole, 'example')}{unpredictedCount > 0 && `, ${count(unpredictedCount)} without an answer (NaN)`}</span></p>
        {mistakes.length > 0 && <p class="muted small">Most often taken for another: {mistakes.map(({ truth, predicted, count: times }) => `${labels[truth]} for ${labels[predicted]} (${count(times)})`).join(', ')}.</p>}
      </div>
      <ErrorNote error={error} title="The evaluation could not be read." onRetry={reload} />
      <div class="evaluation-parts">
        <section><h3>Confusion matrix</h3><ConfusionMatrix evaluation={evaluation} /></section>
        <section><h3>Each class</h3><ClassTable evaluation={evaluation} /></section>
      </div>
      <section class="evaluation-samples"><h3>Predictions, the wrong ones first</h3><Samples evaluation={evaluation} dataset={dataset} /></section>
    </Card>
  );
}
