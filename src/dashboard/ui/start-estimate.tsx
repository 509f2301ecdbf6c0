// When a run that waits is likely to start: from now, and by the clock for who points at it.
import { useNow } from '../lib/clock.js';
import { likelyStart, startMoments, startSpan, type StartEstimate as Estimate } from '../lib/start-words.js';

export function StartEstimate({ estimate }: { estimate: Estimate }) {
  const now = useNow();
  const likely = likelyStart(estimate, now);
  const span = startSpan(estimate, now);
  const moments = startMoments(estimate);
  return (
    <span class="start-estimate" title={moments}>
      {likely === null ? 'Nobody can say when' : `Starts ${likely}`}
      {span !== null && <span class="muted"> ({span})</span>}
      <span class="hidden-text">. {moments}</span>
    </span>
  );
}
