// Short words about what has just happened, at the bottom, for a while.
import { signal } from '@preact/signals';
import { Button } from './button.js';
import './surfaces.css';

interface Toast {
  id: number;
  text: string;
}

const SHOWN_MS = 6000;
const toasts = signal<readonly Toast[]>([]);
let next = 0;

const drop = (id: number) => void (toasts.value = toasts.value.filter((toast) => toast.id !== id));

export function toast(text: string): void {
  const id = (next += 1);
  toasts.value = [...toasts.value.slice(-2), { id, text }];
  setTimeout(() => drop(id), SHOWN_MS);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text }) => <div key={id} class="toast">{text}<Button quiet label="Dismiss" onClick={() => drop(id)}>✕</Button></div>)}
    </div>
  );
}
