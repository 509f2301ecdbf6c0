// The latest numbers of a run, folded from its events: what a slow reader is shown while it catches up.
import type { RunEvent } from '../schemas/event.js';
import type { LaggingMessage } from '../schemas/live.js';
import type { Run } from '../schemas/run.js';

export type Latest = Readonly<Pick<LaggingMessage, 'state' | 'epoch' | 'step' | 'metrics'>>;

export function latestOf(run: Run): Latest {
  return { state: run.state, epoch: run.progress.epoch, step: run.progress.step, metrics: run.metrics };
}

/** What `latest` becomes by the next event of the run. */
export function advance(latest: Latest, event: RunEvent): Latest {
  switch (event.kind) {
    case 'state':
      // A new attempt goes on from a step, or begins from nothing.
      return event.data.state === 'starting' ? { state: 'starting', epoch: event.data.epoch ?? 0, step: event.data.step ?? 0, metrics: {} } : { ...latest, state: event.data.state };
    case 'metrics': {
      const metrics = { ...latest.metrics };
      for (const [name, values] of Object.entries(event.data.series)) {
        const value = values.at(-1);
        if (value !== undefined) metrics[name] = value;
      }
      return { ...latest, epoch: event.data.epoch, step: event.data.steps.at(-1) ?? latest.step, metrics };
    }
    case 'epoch':
      return { ...latest, epoch: event.data.epoch, step: event.data.step, metrics: { ...latest.metrics, ...event.data.metrics } };
    default:
      return latest;
  }
}
