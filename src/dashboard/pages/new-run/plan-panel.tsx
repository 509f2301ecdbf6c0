// What the spec comes to, beside the editor: whether it can be trained, how large it is, when it would start.
import type { ComponentChildren } from 'preact';
import { count, duration, memoryBytes } from '../../lib/format.js';
import { useNow } from '../../lib/clock.js';
import { hrefOf } from '../../lib/router.js';
import { withNames } from '../../lib/run-names.js';
import type { Plan } from '../../api/types.js';
import { ErrorNote } from '../../ui/surfaces.js';
import { fitsNoBox, operations, panelOf, startWords, timeTo } from './plan-words.js';
import type { Estimate } from './estimate.js';
import type { Planned } from './use-plan.js';

export interface PlanPanelProps {
  planned: Planned;
  /** Why the text cannot be asked about; null where it can. */
  broken: { title: string; detail: string } | null;
  /** How many there are; null for no list of them. */
  layers: number | null;
  estimate: Estimate | null;
  onGo(pointer: string): void;
  /** What a run is called, which the service speaks of by its id. */
  nameOf(runId: string): string | undefined;
  children: ComponentChildren;
}

export function PlanPanel({ planned, broken, layers, estimate, onGo, nameOf, children }: PlanPanelProps) {
  const { state, shown, headline, plan } = panelOf(planned, { broken: broken?.title ?? null, layers });
  return (
    <aside class="card plan" aria-label="Plan" data-plan={state}>
      <h2 class="plan-state" data-shown={shown}><span role="status">{headline}</span></h2>
      {broken !== null && <p class="field-fault">{broken.detail}</p>}
      {!planned.current && <ErrorNote error={planned.error} />}
      {plan !== null && <Places list={plan.problems} tone="problem" onGo={onGo} />}
      {plan !== null && <Places list={plan.warnings} tone="warning" onGo={onGo} />}
      {children}
      {plan !== null && <Facts plan={plan} estimate={estimate} nameOf={nameOf} />}
    </aside>
  );
}

function Places({ list, tone, onGo }: { list: Plan['problems']; tone: 'problem' | 'warning'; onGo(pointer: string): void }) {
  if (list.length === 0) return null;
  return (
    <ul class="plan-places" data-tone={tone} aria-label={tone === 'problem' ? 'Problems' : 'Warnings'}>
      {list.map(({ pointer, detail }) => <li key={pointer + detail}><button type="button" onClick={() => onGo(pointer)}><code>{pointer === '' ? 'the spec' : pointer}</code> {detail}</button></li>)}
    </ul>
  );
}

function Facts({ plan, estimate, nameOf }: { plan: Plan; estimate: Estimate | null } & Pick<PlanPanelProps, 'nameOf'>) {
  const { parameterCount, trainableParameterCount, stepsPerEpoch, totalSteps, trainCount, validationCount, flops, memory } = plan;
  const known = (value: number, text: string) => (value === 0 ? '–' : text);
  const fixed = parameterCount - trainableParameterCount;
  return (
    <div class="plan-facts">
      <dl>
        <Fact term="Weights" note={fixed > 0 ? `${count(fixed)} of them moving averages` : undefined}>{known(parameterCount, count(parameterCount))}</Fact>
        <Fact term="Steps" note={stepsPerEpoch === 0 ? undefined : `${count(stepsPerEpoch)} an epoch`}>{known(totalSteps, count(totalSteps))}</Fact>
        <Fact term="Examples" note={trainCount === 0 ? undefined : validationCount === 0 ? 'none to validate with' : `${count(validationCount)} to validate with`}>{known(trainCount, count(trainCount))}</Fact>
        <Fact term="Work" note={flops === 0 ? undefined : 'for an example, forward'}>{known(flops, operations(flops))}</Fact>
        <Fact term="Training time" note={!plan.valid ? undefined : estimate === null ? 'no run of this model and batch yet' : <>at the speed of <a href={hrefOf('run', { params: { id: estimate.by.id } })}>{estimate.by.name}</a></>}>{estimate === null ? '–' : `about ${duration(estimate.ms)}`}</Fact>
      </dl>
      <Memory memory={memory} />
      <Queue plan={plan} nameOf={nameOf} />
    </div>
  );
}

function Fact({ term, note, children }: { term: string; note?: ComponentChildren; children: ComponentChildren }) {
  return <div><dt>{term}</dt><dd>{children}{note !== undefined && <span class="muted">{note}</span>}</dd></div>;
}

const PARTS = [['activationsBytes', 'Activations'], ['parametersBytes', 'Weights'], ['gradientsBytes', 'Gradients'], ['optimizerBytes', 'Optimizer'], ['datasetBytes', 'Data']] as const;

function Memory({ memory }: Pick<Plan, 'memory'>) {
  const { totalBytes } = memory;
  return (
    <div class="plan-memory">
      <h3>Memory <span class="muted">{totalBytes === 0 ? '–' : `about ${memoryBytes(totalBytes)}`}</span></h3>
      <div class="memory-bar" aria-hidden="true">{totalBytes > 0 && PARTS.map(([key], at) => <span key={key} data-part={at} style={{ flexGrow: memory[key] / totalBytes }} />)}</div>
      <ul>{PARTS.map(([key, word], at) => <li key={key}><i data-part={at} aria-hidden="true" />{word} <b>{totalBytes === 0 ? '–' : memoryBytes(memory[key])}</b></li>)}</ul>
    </div>
  );
}

function Queue({ plan, nameOf }: { plan: Plan } & Pick<PlanPanelProps, 'nameOf'>) {
  const now = useNow();
  const { queue } = plan;
  const start = queue?.estimatedStart;
  return (
    <div class="plan-queue">
      <h3>Would start <span class="muted">{startWords(plan, now)}</span></h3>
      {queue !== null && queue !== undefined && queue.reason.code !== 'starting' && (
        <>
          {!plan.warnings.some(({ detail }) => detail === queue.reason.message) && <p class="small">{withNames(queue.reason.message, nameOf)}</p>}
          {!fitsNoBox(plan) && <p class="small muted">Place {count(queue.position)} in line, {count(queue.positionInTeam)} of your team{start?.earliest && start.latest ? `; most likely between ${timeTo(start.earliest, now)} and ${timeTo(start.latest, now)} from now` : ''}.</p>}
          {queue.wouldStart.length > 0 && <ul class="small plan-would">{queue.wouldStart.map(({ type, message }) => <li key={type + message}>{withNames(message, nameOf)}</li>)}</ul>}
        </>
      )}
    </div>
  );
}
