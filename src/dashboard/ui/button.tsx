// What one presses. A button that one may not press says why.
import type { ComponentChildren } from 'preact';
import { classes } from './classes.js';
import './controls.css';

export interface ButtonProps {
  children: ComponentChildren;
  onClick?: (event: MouseEvent) => void;
  /** The one thing to do here. */
  primary?: boolean;
  /** Beside something more important. */
  quiet?: boolean;
  /** Cannot be undone. */
  danger?: boolean;
  type?: 'button' | 'submit';
  /** What it asked for is under way. */
  busy?: boolean;
  /** Why it cannot be pressed; null where it can. */
  why?: string | null;
  /** For one that stays down. */
  pressed?: boolean;
  title?: string;
  /** Its name, where what stands on it does not say enough. */
  label?: string;
  id?: string;
}

export function Button({ children, onClick, primary = false, quiet = false, danger = false, type = 'button', busy = false, why = null, pressed, title, label, id }: ButtonProps) {
  return (
    <button
      id={id} type={type} class={classes('button', primary && 'button-primary', quiet && 'button-quiet', danger && 'button-danger')}
      disabled={busy || why !== null} aria-busy={busy || undefined} aria-pressed={pressed} aria-label={label} title={why ?? title} onClick={onClick}
    >
      {children}
    </button>
  );
}
