// A draft and its two views. The text is the one truth: the form reads it, and writes it anew.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction } from '../../api/resource.js';
import { whyNot } from '../../api/session.js';
import type { Run } from '../../api/types.js';
import * as codecs from '../../lib/codecs.js';
import { go, hrefOf, useUrlState } from '../../lib/router.js';
import { noteRun } from '../../live/run-list.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { Empty, ErrorNote } from '../../ui/surfaces.js';
import { Tabs } from '../../ui/tabs.js';
import { keepDraft, newKey, readDraft, type Draft } from './drafts.js';
import { EditorContext, type Editor } from './editor.js';
import { estimateOf } from './estimate.js';
import { JsonEditor } from './json-editor.js';
import { layOut, parseText, whyNoSpec } from './json-text.js';
import { layersOf } from './layers.js';
import { PlanPanel } from './plan-panel.js';
import { withValue } from './pointer.js';
import { SpecForm } from './spec-form.js';
import { StartsFrom } from './starts-from.js';
import { sourceOf } from './submission.js';
import { usePlan } from './use-plan.js';

const VIEW = codecs.choice(['form', 'json']);
const NONE: never[] = [];

export interface EditingProps {
  /** What it was started from: the draft's name. */
  origin: string;
  /** The spec that it was started from, laid out. */
  base: string;
  /** The recipe that it is; empty for none. */
  recipe: string;
  datasets: readonly string[];
  runs: readonly Run[];
}

export function Editing({ origin, base, recipe, datasets, runs }: EditingProps) {
  const [view, setView] = useUrlState('view', VIEW);
  const [found, setFound] = useState(() => readDraft(origin)?.text ?? base);
  const [text, setText] = useState(found);
  const [asked, setAsked] = useState(false);
  const [goTo, setGoTo] = useState<{ pointer: string } | null>(null);
  const form = useRef<HTMLDivElement>(null);
  const parsed = useMemo(() => parseText(text), [text]);
  const broken = whyNoSpec(text, parsed);
  const source = broken === null ? sourceOf(parsed.value) : null;
  const layers = layersOf(parsed.value)?.length ?? null;
  const planned = usePlan(text, broken === null ? parsed.value : undefined);
  const nameOf = (id: string) => runs.find((run) => run.id === id)?.name;
  const dirty = text !== base;
  const write = (next: string) => {
    setText(next);
    keepDraft(origin, next === base ? null : { text: next });
  };
  // Several changes may come before the page is drawn again: each goes on from the one before.
  const latest = useRef(parsed.value);
  latest.current = parsed.value;
  const editor: Editor = {
    spec: parsed.value, datasets,
    set: (pointer, value) => write(layOut((latest.current = withValue(latest.current, pointer, value)))),
    problems: planned.plan?.problems ?? NONE, warnings: planned.plan?.warnings ?? NONE,
  };
  const train = useAction(async () => {
    const sent = sentOf(origin, text);
    // A recipe as it is counts as one on the ladder.
    const body = recipe !== '' && !dirty ? { recipe } : parsed.value;
    const run = (await take(api.POST('/v1/runs', { body: body as never, params: { header: { 'idempotency-key': sent.key } } }))) as Run;
    keepDraft(origin, null);
    stay.current = false;
    noteRun(run);
    go(hrefOf('run', { params: { id: run.id } }));
  });
  // A reload finds the draft again; a tab that is closed takes it along.
  const stay = useRef(dirty);
  stay.current = dirty;
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => stay.current && event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, []);
  const visit = (pointer: string) => (view === 'json' ? setGoTo({ pointer }) : focusOn(form.current, pointer));
  const why = whyNot('write') ?? (broken !== null ? `${broken.title}.` : planned.current && planned.plan?.valid === false ? (layers === 0 ? 'A model has at least one layer.' : 'The service would refuse it.') : null);
  return (
    <div class="new-run">
      <div class="new-run-editor" ref={form}>
        {found !== base && dirty && <p class="new-run-found muted small">These are your changes from before. <Button quiet onClick={() => setAsked(true)}>Start anew</Button></p>}
        <Tabs label="View" value={view} onChange={setView} tabs={[{ key: 'form', label: 'Form' }, { key: 'json', label: 'JSON' }]}>
          <EditorContext.Provider value={editor}>
            {view === 'json' ? <JsonEditor text={text} parsed={parsed} problems={editor.problems} warnings={editor.warnings} goTo={goTo} onText={write} />
              : broken !== null ? <Empty title="The form cannot read the spec"><p>{broken.detail}</p><Button onClick={() => setView('json')}>To the JSON</Button></Empty>
              : source !== null ? <StartsFrom source={source} nameOf={nameOf} onJson={() => setView('json')} />
              : <SpecForm plan={planned.plan} />}
          </EditorContext.Provider>
        </Tabs>
      </div>
      <PlanPanel planned={planned} broken={broken} layers={layers} estimate={planned.plan === null || broken !== null ? null : estimateOf(runs, parsed.value as Partial<Run['spec']>, planned.plan)} onGo={visit} nameOf={nameOf}>
        <div class="plan-buttons">
          <Button primary busy={train.busy} why={why} onClick={() => train.run()}>Train</Button>
          {dirty && <Button quiet onClick={() => setAsked(true)}>Discard changes</Button>}
        </div>
        <ErrorNote error={train.error} title="It was not started." />
      </PlanPanel>
      {asked && (
        <Confirm title="Discard what you have changed?" action="Discard it" onClose={() => setAsked(false)} onConfirm={() => { write(base); setFound(base); setAsked(false); }}>
          <p>The spec becomes what it was started from.</p>
        </Confirm>
      )}
    </div>
  );
}

/** Sent again after silence, the same text goes under the same name, and trains once. */
function sentOf(origin: string, text: string): NonNullable<Draft['sent']> {
  const kept = readDraft(origin)?.sent;
  const sent = kept?.text === text ? kept : { text, key: newKey() };
  keepDraft(origin, { text, sent });
  return sent;
}

/** Goes to the field of a place, or the nearest that holds it. */
function focusOn(form: HTMLElement | null, pointer: string): void {
  const places = [...(form?.querySelectorAll<HTMLElement>('[data-pointer]') ?? [])];
  for (let near = pointer; near !== ''; near = near.slice(0, near.lastIndexOf('/'))) {
    const found = places.find((place) => place.dataset.pointer === near);
    if (found === undefined) continue;
    for (let holder = found.closest('details'); holder !== null; holder = holder.parentElement?.closest('details') ?? null) holder.open = true;
    found.scrollIntoView({ block: 'center' });
    const name = found.querySelector<HTMLElement>('.layer-name[aria-expanded="false"]');
    name?.click();
    (name ?? found.querySelector<HTMLElement>('input, select, button'))?.focus({ preventScroll: true });
    return;
  }
}
