// What things stand on, and what stands there while they are not there yet, are none, or cannot be had.
import type { ComponentChildren } from 'preact';
import { sentence } from '../lib/format.js';
import { ApiError, faultWords, leadOf, wordsOf } from '../api/error.js';
import type { RunState } from '../api/types.js';
import { Button } from './button.js';
import './surfaces.css';

export function Card({ title, actions, children, label }: { title?: string; actions?: ComponentChildren; children: ComponentChildren; label?: string }) {
  return (
    <section class="card" aria-label={label ?? title}>
      {(title !== undefined || actions !== undefined) && <header><h2>{title}</h2>{actions}</header>}
      {children}
    </section>
  );
}

export function StateBadge({ state, live = false }: { state: RunState; /** Whether a change is read out. */ live?: boolean }) {
  return <span class="badge" data-state={state} {...(live ? { role: 'status' } : {})}><i aria-hidden="true" />{sentence(state)}</span>;
}

/** `share` from 0 to 1. */
export function Progress({ share, state, label, text }: { share: number; state: RunState; label: string; /** How far, in words. */ text?: string }) {
  const shown = Math.min(1, Math.max(0, share));
  return (
    <span class="progress" data-state={state} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.floor(shown * 100)} aria-valuetext={text}>
      <span style={{ transform: `scaleX(${shown})` }} />
    </span>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return <div class="empty"><h2>{title}</h2>{children}</div>;
}

/** Takes the room of what will be there, so that nothing moves when it comes. */
export function Loading({ height = 20, lines = 1, label = 'Loading' }: { height?: number; lines?: number; label?: string }) {
  return (
    <div role="status" style={{ display: 'grid', gap: '10px' }}>
      <span class="hidden-text">{label}</span>
      {Array.from({ length: lines }, (_, at) => <span key={at} class="skeleton" style={{ height: `${height}px`, width: lines > 1 && at === lines - 1 ? '60%' : '100%' }} />)}
    </div>
  );
}

/** Why something did not work; nothing where `error` is undefined. */
export function ErrorNote({ error, onRetry, title }: { error: unknown; onRetry?: () => void; /** What did not work. */ title?: string }) {
  if (error === undefined || error === null) return null;
  const several = error instanceof ApiError && error.faults.length > 1 ? error : null;
  return (
    <div class="error-note" role="alert">
      <span>{title !== undefined && <b>{title} </b>}{several === null ? wordsOf(error) : leadOf(several)}</span>
      {onRetry !== undefined && <Button quiet onClick={onRetry}>Try again</Button>}
      {several !== null && <ul>{several.faults.map((fault) => <li key={fault.place + fault.detail} title={fault.place}>{faultWords(fault)}</li>)}</ul>}
    </div>
  );
}
