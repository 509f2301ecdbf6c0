// What the service warns of, and why runs fail: what each means, what one can do, and, where that is a change of the
// spec, the change. Every code that the service has is in here; one that it learns later is shown with its own words.
import type { Run } from '../../../api/types.js';
import { count, plain, sentence, words } from '../../../lib/format.js';
import type { Event } from '../timeline/happenings.js';

/** What is known of a code. */
interface Known {
  title: string;
  means: string;
  todo: string;
  /** A JSON merge patch for the spec, and what it does; null where it would change nothing. */
  change?: (run: ChangedRun) => Change | null;
}

export interface Change {
  label: string;
  patch: Record<string, unknown>;
}

export interface Advice {
  code: string;
  tone: 'amber' | 'failed';
  title: string;
  /** As the service has said it last. */
  message: string;
  /** How often it was said. */
  times: number;
  means: string | null;
  todo: string | null;
  change: Change | null;
}

export type ChangedRun = Pick<Run, 'spec' | 'gradientAccumulationSteps'>;
export type AdvisedRun = ChangedRun & Pick<Run, 'state' | 'reason' | 'message'>;

/** What adam and the others begin with where the spec says nothing. */
const usualRate = (type: string) => (type === 'sgd' ? 0.01 : 0.001);

function slower({ spec: { optimizer } }: ChangedRun): Change {
  const rate = Number(((optimizer.learningRate ?? usualRate(optimizer.type)) / 10).toPrecision(3));
  return { label: `Clone with a learning rate of ${plain(rate)}`, patch: { optimizer: { learningRate: rate } } };
}

function smallerBatch({ spec: { fit }, gradientAccumulationSteps }: ChangedRun): Change | null {
  const batchSize = Math.floor(fit.batchSize / Math.max(2, gradientAccumulationSteps));
  return batchSize < 1 ? null : { label: `Clone with batches of ${count(batchSize)}`, patch: { fit: { batchSize } } };
}

function longer({ spec: { resources } }: ChangedRun): Change | null {
  const limit = resources?.maxRuntimeSeconds;
  return limit === undefined ? null : { label: `Clone with ${count(limit * 2)} seconds`, patch: { resources: { maxRuntimeSeconds: limit * 2 } } };
}

const eager = ({ spec: { engine } }: ChangedRun): Change | null => (engine === 'eager' ? null : { label: 'Clone with the eager engine', patch: { engine: 'eager' } });

export const WARNINGS: Readonly<Record<string, Known>> = {
  engine_fallback: {
    title: 'Trained by the eager engine',
    means: 'The compiled engine computes a training step as one graph, which is faster; it cannot for this model on this machine. TF.js does it kernel by kernel instead. The numbers are as good, the run only takes longer.',
    todo: 'Nothing has to be done. For speed, replace the layer or the option that the message names. To have the compiled engine not tried at all, ask for the eager one.',
    change: eager,
  },
  gradient_accumulation: {
    title: 'Each batch is computed in parts',
    means: 'The GPU had no memory for a whole batch. Its gradients are computed part by part and added up, which gives the same step; only batch normalization, which sees each part by itself, behaves as with the smaller batch.',
    todo: 'Nothing has to be done. Smaller batches fit at once and make more steps of an epoch; the learning rate may then have to be smaller too.',
    change: smallerBatch,
  },
  checkpoint_failed: {
    title: 'A training state could not be kept',
    means: 'Training goes on. Should the trainer or its machine be lost now, the run goes on from the state before this one, and the steps since are trained again.',
    todo: 'See whether the disk, or the artifact storage, is full or away. The next state is tried as usual.',
  },
  checkpoint_damaged: {
    title: 'A training state was damaged',
    means: 'The latest state was found to be damaged or gone when the run was to go on from it. It has gone on from an earlier one, or begun anew; the steps in between are trained again and come to the same numbers.',
    todo: 'Nothing has to be done for this run. If it happens again, have the disk checked.',
  },
};

export const FAILURES: Readonly<Record<string, Known>> = {
  non_finite_loss: {
    title: 'The loss became NaN or infinite',
    means: 'A step was so large that the weights left the range of numbers; everything computed from them is NaN. Mostly the learning rate is too high for the model, sometimes the input is not scaled or a logarithm got a 0.',
    todo: 'Try a tenth of the learning rate, or let it rise over the first epoch (warmup). Starting anew as it is would come to the same end.',
    change: slower,
  },
  out_of_gpu_memory: {
    title: 'The GPU had no memory left',
    means: 'Even with each batch in two parts, what is kept of the layers for the backward pass did not fit on the device.',
    todo: 'Smaller batches need less in proportion. So does a stride or a pooling layer early in the model.',
    change: smallerBatch,
  },
  out_of_memory: {
    title: 'The box had no memory left',
    means: 'The system ended the trainer because it, or its neighbours, had taken all memory.',
    todo: 'Smaller batches or a smaller model need less; so do fewer runs at a time.',
    change: smallerBatch,
  },
  timeout: {
    title: 'Its time was up',
    means: 'The run was longer on devices than its spec allows. Its training state is kept.',
    todo: 'Resume it: it goes on from there, with its whole time again. Or give a clone more time.',
    change: longer,
  },
  worker_lost: { title: 'Its worker was lost', means: 'The machine, or the worker on it, went away, more often than a run is started again by itself.', todo: 'When the machine is back, resume the run: it goes on from its last training state.' },
  trainer_lost: { title: 'Its trainer ended unexpectedly', means: 'The process that trained it was killed or crashed, more often than a run is started again by itself.', todo: 'The log has its last words. Resume the run to go on from its last training state.' },
  device_missing: { title: 'Its device was not there', means: 'The GPU that it was to train on is gone, or its driver does not answer.', todo: 'See to the device, then resume the run.' },
  data_missing: { title: 'Its data could not be read', means: 'A file of the data set, or the training state whose weights it was to start with, is damaged or gone.', todo: 'The message names it. Once it is back, resume the run.' },
  disk_full: { title: 'The disk was full', means: 'The run could not write what it has to keep.', todo: 'Free some space, by deleting runs that nobody needs, then resume it.' },
  invalid_spec: { title: 'Its spec could not be trained', means: 'The spec was accepted, but the trainer could not build it.', todo: 'The message says what is wrong. Change it in a clone.' },
  internal: { title: 'The service failed', means: 'A fault on our side, not of the experiment.', todo: 'The log has the details for whoever runs the service. Resuming may work.' },
};

/** One for each kind of warning, as it was said last, and the cause before all if the run has failed. */
export function adviceFor(run: AdvisedRun, events: readonly Event[]): Advice[] {
  const failure = run.state === 'failed' && run.reason !== null ? [advise(run, { known: FAILURES[run.reason], code: run.reason, tone: 'failed', message: run.message ?? '', times: 1 })] : [];
  const said = new Map<string, { message: string; times: number }>();
  for (const event of events) {
    if (event.kind !== 'warning') continue;
    const { code, message } = event.data;
    said.set(code, { message, times: (said.get(code)?.times ?? 0) + 1 });
  }
  return [...failure, ...[...said].map(([code, one]) => advise(run, { known: WARNINGS[code], code, tone: 'amber', ...one }))];
}

function advise(run: AdvisedRun, { known, ...said }: { known: Known | undefined } & Pick<Advice, 'code' | 'tone' | 'message' | 'times'>): Advice {
  return { ...said, title: known?.title ?? sentence(words(said.code)), means: known?.means ?? null, todo: known?.todo ?? null, change: known?.change?.(run) ?? null };
}
