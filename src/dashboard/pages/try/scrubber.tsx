// Which of a run's kept states answers: its checkpoints by step, then the stored model.
import type { Run } from '../../api/types.js';
import { Range } from '../../ui/field.js';
import { ErrorNote } from '../../ui/surfaces.js';
import { nameOf, type Checkpoint } from './checkpoints.js';

export interface ScrubberProps {
  run: Run;
  checkpoints: readonly Checkpoint[];
  /** Undefined is the stored model. */
  chosen: Checkpoint | undefined;
  onChoose(checkpoint: Checkpoint | undefined): void;
  error: unknown;
}

export function Scrubber({ run, checkpoints, chosen, onChoose, error }: ScrubberProps) {
  if (checkpoints.length === 0) return <p class="muted small">The run kept no checkpoints. With <code>{'"checkpoints": {"everyEpochs": 1, "keepLast": 20}'}</code> in its spec, one could see here how its answers came about.</p>;
  const at = chosen === undefined ? checkpoints.length : checkpoints.indexOf(chosen);
  return (
    <div class="try-scrubber">
      <Range label="Weights of" value={at} min={0} max={checkpoints.length} step={1} onChange={(place) => onChoose(checkpoints[place])} format={(place) => nameOf(checkpoints[place], run)} />
      <ErrorNote title="This checkpoint cannot be tried." error={error} />
    </div>
  );
}
