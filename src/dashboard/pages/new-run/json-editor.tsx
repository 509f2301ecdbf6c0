// The spec as text: line numbers, markers where something is wrong, and what may be written where the caret stands.
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Plan } from '../../api/types.js';
import { completionsAt, type Completions } from './completions.js';
import { lineOf, spanOf, type ParsedText } from './json-text.js';
import { schemas } from './run-spec-schemas.js';
import './json-editor.css';

export interface JsonEditorProps {
  text: string;
  parsed: ParsedText;
  problems: Plan['problems'];
  warnings: Plan['warnings'];
  /** Where to go; another object goes there again. */
  goTo: { pointer: string } | null;
  onText(text: string): void;
}

interface Offer extends Completions {
  chosen: number;
  line: number;
  column: number;
}

export function JsonEditor({ text, parsed, problems, warnings, goTo, onText }: JsonEditorProps) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const [scroll, setScroll] = useState({ top: 0, left: 0 });
  const [offer, setOffer] = useState<Offer | null>(null);
  const lines = text.split('\n');
  const marks = marksOf(text, { parsed, problems, warnings });

  useLayoutEffect(() => {
    const span = goTo === null ? null : spanOf(parsed.places, goTo.pointer);
    if (span === null) return;
    area.current!.focus();
    area.current!.setSelectionRange(span.from, span.to);
    area.current!.scrollTop = Math.max(0, (lineOf(text, span.from) - 4) * LINE);
  }, [goTo]);

  const show = (asked: boolean) => {
    const { value, selectionStart: caret, selectionEnd } = area.current!;
    const found = caret === selectionEnd ? completionsAt(schemas, value, caret) : null;
    const written = found === null ? '' : value.slice(found.from, caret);
    // Unasked it stays out of the way until one begins to write; and what is there whole needs no completion.
    const wanted = found !== null && (asked || written !== '') && found.items.some(({ insert }) => insert.replace(/: $/, '') !== written && insert.replace(/: $/, '') !== `${written}"`);
    if (!wanted) return setOffer(null);
    const before = value.slice(0, found.from);
    setOffer({ ...found, chosen: 0, line: lineOf(value, found.from) - 1, column: found.from - (before.lastIndexOf('\n') + 1) });
  };
  const insert = (from: number, words: string) => {
    const element = area.current!;
    let end = element.selectionEnd;
    // The quote that an editor or a hand has closed already is not closed twice.
    if (element.value[from] === '"' && element.value[end] === '"') end += 1;
    const put = words.endsWith(': ') && /^\s*:/.test(element.value.slice(end)) ? words.slice(0, -2) : words;
    element.setSelectionRange(from, end);
    // The one way to write that Ctrl+Z takes back.
    if (!document.execCommand('insertText', false, put)) {
      element.setRangeText(put, from, end, 'end');
      onText(element.value);
    }
    setOffer(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      show(true);
    } else if (offer !== null && STEER.includes(event.key)) {
      event.preventDefault();
      const { items, chosen, from } = offer;
      if (event.key === 'Escape') setOffer(null);
      else if (event.key === 'Enter' || event.key === 'Tab') insert(from, items[chosen]!.insert);
      else setOffer({ ...offer, chosen: (chosen + (event.key === 'ArrowDown' ? 1 : -1) + items.length) % items.length });
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const { value, selectionStart: caret } = area.current!;
      const line = value.slice(value.lastIndexOf('\n', caret - 1) + 1, caret);
      document.execCommand('insertText', false, `\n${/^\s*/.exec(line)![0]}${/[{[]\s*$/.test(line) ? '  ' : ''}`);
    }
  };
  return (
    <div class="json">
      <div class="json-gutter" aria-hidden="true"><div style={{ transform: `translateY(${-scroll.top}px)` }}>{lines.map((_, at) => <span key={at} data-mark={marks.get(at + 1)?.tone} title={marks.get(at + 1)?.text}>{at + 1}</span>)}</div></div>
      <div class="json-text">
        <div class="json-marks" aria-hidden="true">{[...marks].map(([line, { tone }]) => <i key={line} data-mark={tone} style={{ top: `${PAD + (line - 1) * LINE - scroll.top}px` }} />)}</div>
        <textarea
          ref={area} class="json-area" value={text} wrap="off" spellcheck={false} autocomplete="off" aria-label="Spec as JSON. Control and space offer what may be written." aria-autocomplete="list"
          aria-invalid={parsed.fault !== null || problems.length > 0} aria-controls={offer === null ? undefined : `${id}-offer`} aria-activedescendant={offer === null ? undefined : `${id}-${offer.chosen}`}
          onInput={({ currentTarget }) => { onText(currentTarget.value); show(false); }} onKeyDown={onKeyDown} onClick={() => setOffer(null)} onBlur={() => setOffer(null)}
          onScroll={({ currentTarget: { scrollTop, scrollLeft } }) => { setScroll({ top: scrollTop, left: scrollLeft }); setOffer(null); }}
        />
        {offer !== null && (
          <ul id={`${id}-offer`} class="json-offer" role="listbox" aria-label="What may be written here" style={{ top: `${PAD + (offer.line + 1) * LINE - scroll.top}px`, left: `min(calc(${PAD}px + ${offer.column}ch - ${scroll.left}px), max(0px, 100% - 340px))` }}>
            {offer.items.map(({ label, detail, insert: words }, at) => (
              <li key={label} id={`${id}-${at}`} role="option" aria-selected={at === offer.chosen} ref={(element) => { if (at === offer.chosen) element?.scrollIntoView?.({ block: 'nearest' }); }} onMouseDown={(event) => { event.preventDefault(); insert(offer.from, words); }}>
                <b>{label}</b> <span>{detail}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

const STEER = ['ArrowUp', 'ArrowDown', 'Enter', 'Tab', 'Escape'];
/** Pixels, as in the styles. */
const LINE = 20;
const PAD = 12;

interface Mark {
  tone: 'problem' | 'warning';
  text: string;
}

/** By line. */
function marksOf(text: string, { parsed, problems, warnings }: Pick<JsonEditorProps, 'parsed' | 'problems' | 'warnings'>): Map<number, Mark> {
  const marks = new Map<number, Mark>();
  const add = (at: number, tone: Mark['tone'], words: string) => {
    const line = lineOf(text, at);
    const before = marks.get(line);
    marks.set(line, { tone: before?.tone === 'problem' ? 'problem' : tone, text: before === undefined ? words : `${before.text}\n${words}` });
  };
  if (parsed.fault !== null) {
    add(parsed.fault.at, 'problem', parsed.fault.message);
    return marks;
  }
  for (const { pointer, detail } of problems) add(spanOf(parsed.places, pointer)?.from ?? 0, 'problem', detail);
  for (const { pointer, detail } of warnings) add(spanOf(parsed.places, pointer)?.from ?? 0, 'warning', detail);
  return marks;
}
