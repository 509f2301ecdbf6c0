// Light or dark: as the system has it, or as was chosen here. Charts are drawn anew when it changes. What the page
// begins with is set by early-theme.js, which reads the same key.
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'trainyard-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

function kept(): Theme {
  const text = localStorage.getItem(KEY);
  return text === 'light' || text === 'dark' ? text : 'system';
}

export const theme = signal<Theme>(kept());

/** Grows when colours change. */
export const paint = signal(0);

export const isDark = (): boolean => theme.value === 'dark' || (theme.value === 'system' && dark.matches);

const repaint = () => {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
  paint.value = paint.peek() + 1;
};
dark.addEventListener('change', repaint);

effect(() => {
  if (theme.value === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme.value);
  repaint();
});

/** To the other one of what is seen now; back to the system's where that is the same. */
export function toggleTheme(): void {
  const next = isDark() ? 'light' : 'dark';
  theme.value = (next === 'dark') === dark.matches ? 'system' : next;
}
