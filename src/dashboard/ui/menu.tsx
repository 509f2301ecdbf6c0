// What one does more rarely, behind one button. Arrows go from entry to entry, Escape closes it.
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import './controls.css';
import './menu.css';

export interface MenuEntry {
  key: string;
  label: string;
  danger?: boolean;
  onSelect(): void;
}

export function Menu({ label, entries }: { label: string; entries: readonly MenuEntry[] }) {
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const items = () => [...root.current!.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  const opener = () => root.current!.querySelector<HTMLElement>('[aria-haspopup]');
  // Before the next key, which may come at once.
  useLayoutEffect(() => {
    if (!open) return;
    items()[0]?.focus();
    const away = ({ target }: Event) => root.current?.contains(target as Node) || setOpen(false);
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  }, [open]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else if (event.key === 'Escape') {
      setOpen(false);
      opener()?.focus();
    } else {
      if (event.key === 'Tab') setOpen(false);
      return;
    }
    event.preventDefault();
  };
  const select = (entry: MenuEntry) => {
    setOpen(false);
    // A dialog that opens gives the focus back to where it was.
    opener()?.focus();
    entry.onSelect();
  };
  return (
    <div ref={root} class="menu" onKeyDown={onKeyDown}>
      <button type="button" class="button" aria-haspopup="menu" aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)}>{label}</button>
      {open && (
        <div id={id} class="menu-list" role="menu" aria-label={label}>
          {entries.map((entry) => <button key={entry.key} type="button" role="menuitem" tabIndex={-1} data-danger={entry.danger || undefined} onClick={() => select(entry)}>{entry.label}</button>)}
        </div>
      )}
    </div>
  );
}
