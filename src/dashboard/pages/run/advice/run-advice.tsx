// The warnings of a run, and why it failed, explained.
import { onlyRun, whyNot } from '../../../api/session.js';
import type { Run } from '../../../api/types.js';
import { hrefOf } from '../../../lib/router.js';
import type { Event } from '../timeline/happenings.js';
import { adviceFor, type Advice } from './advice.js';
import './advice.css';

export function RunAdvice({ run, events }: { run: Run; events: readonly Event[] }) {
  const advice = adviceFor(run, events);
  if (advice.length === 0) return null;
  const mayClone = onlyRun() === null && whyNot('write') === null;
  return (
    <section class="advice" aria-label="What to know about this run">
      {advice.map((one) => <Entry key={one.code} runId={run.id} advice={one} mayClone={mayClone} />)}
    </section>
  );
}

function Entry({ runId, advice: { code, tone, title, message, times, means, todo, change }, mayClone }: { runId: string; advice: Advice; mayClone: boolean }) {
  return (
    <details class="note" data-tone={tone} data-code={code} open={tone === 'failed'}>
      <summary><b>{title}</b>{times > 1 && <span class="muted"> · {times} times</span>}</summary>
      {message !== '' && <p class="advice-said">{message}</p>}
      {means !== null && <p><b>What it means</b> {means}</p>}
      {todo !== null && <p><b>What to do</b> {todo}</p>}
      {change !== null && mayClone && <a class="button" href={hrefOf('newRun', { query: { from: runId, change: JSON.stringify(change.patch) } })}>{change.label}</a>}
    </details>
  );
}
