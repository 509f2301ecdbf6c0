// Which line is which run. One that is pointed at stands out in every chart; a click hides it, or shows it again.
import type { ComponentChildren } from 'preact';
import { hrefOf } from '../../lib/router.js';
import { Button } from '../../ui/button.js';
import { StateBadge } from '../../ui/surfaces.js';
import type { RunState } from '../../api/types.js';

export interface LegendEntry {
  id: string;
  label: string;
  color: string;
  dash: readonly number[];
  state: RunState | null;
  isShown: boolean;
  reading: string;
}

export interface LegendProps {
  entries: readonly LegendEntry[];
  meant: string | null;
  onMeant(id: string | null): void;
  onToggle(id: string): void;
  onOnly(id: string): void;
  onRemove(id: string): void;
  /** Above the list. */
  children?: ComponentChildren;
}

export function Legend({ entries, meant, onMeant, onToggle, onOnly, onRemove, children }: LegendProps) {
  return (
    <div class="compare-legend">
      {children}
      <ul aria-label="Runs" onPointerLeave={() => onMeant(null)}>
        {entries.map(({ id, label, color, dash, state, isShown, reading }) => (
          <li key={id} data-meant={id === meant || undefined} onPointerEnter={() => onMeant(id)} onFocusIn={() => onMeant(id)} onFocusOut={() => onMeant(null)}>
            <button type="button" class="legend-line" aria-pressed={isShown} title={`${label}: ${isShown ? 'hide' : 'show'}`} onClick={() => onToggle(id)}>
              <Swatch color={color} dash={dash} isShown={isShown} />
              <span class="legend-name">{label}</span>
              <b>{isShown ? reading : ''}</b>
            </button>
            {state !== null && (
              <span class="legend-more">
                <span class="legend-state" title={state}><StateBadge state={state} /></span>
                <a href={hrefOf('run', { params: { id } })} aria-label={`Open ${label}`} title="Open">↗</a>
                <Button quiet label={`Only ${label}`} title="Hide all others" onClick={() => onOnly(id)}>◉</Button>
                <Button quiet label={`Take ${label} out`} title="Take out" onClick={() => onRemove(id)}>✕</Button>
              </span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Swatch({ color, dash = [], isShown = true }: { color: string; dash?: readonly number[]; isShown?: boolean }) {
  return (
    <svg class="swatch" width="20" height="10" aria-hidden="true">
      <line x1="1" x2="19" y1="5" y2="5" style={{ stroke: isShown ? color : 'var(--edge)', strokeWidth: isShown ? 3 : 1, strokeDasharray: dash.join(' ') }} />
    </svg>
  );
}
