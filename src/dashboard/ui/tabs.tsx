// Parts of a page of which one is seen.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { useInSight } from './in-sight.js';
import './controls.css';

export interface TabsProps<T extends string> {
  label: string;
  tabs: readonly { key: T; label: string }[];
  value: T;
  onChange(key: T): void;
  /** What is seen. */
  children: ComponentChildren;
}

export function Tabs<T extends string>({ label, tabs, value, onChange, children }: TabsProps<T>) {
  const id = useId();
  const row = useInSight<HTMLDivElement>(value);
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ key }) => key === value);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    const tab = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (tab === undefined) return;
    event.preventDefault();
    onChange(tab.key);
    document.getElementById(`${id}-${tab.key}`)?.focus();
  };
  return (
    <div>
      <div ref={row} class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map((tab) => (
          <button key={tab.key} id={`${id}-${tab.key}`} type="button" role="tab" aria-selected={tab.key === value} aria-controls={`${id}-panel`} tabIndex={tab.key === value ? 0 : -1} onClick={() => onChange(tab.key)}>{tab.label}</button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${value}`} tabIndex={0} class="tab-panel">{children}</div>
    </div>
  );
}
