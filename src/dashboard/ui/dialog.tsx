// A question that must be answered first, on the browser's own dialog: it holds the focus. Escape and a press outside
// ask `onClose`, which alone decides.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './button.js';
import './surfaces.css';

export function Dialog({ title, onClose, children, buttons }: { title: string; onClose(): void; children: ComponentChildren; buttons: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  /** Whether the press began outside, too: text that is marked with the pointer may end there. */
  const pressed = useRef(false);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current!;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  const ask = (event: Event) => {
    event.preventDefault();
    onClose();
  };
  // A browser lets nobody refuse it twice: what it has closed is shown again where it was to stay.
  const closed = () => {
    if (ref.current === null) return;
    onClose();
    requestAnimationFrame(() => ref.current !== null && !ref.current.open && ref.current.showModal());
  };
  return (
    <dialog ref={ref} class="dialog" aria-labelledby={id} onCancel={(event) => event.target === event.currentTarget && ask(event)} onClose={closed} onKeyDown={(event) => event.key === 'Escape' && !event.isComposing && ask(event)} onPointerDown={({ target, currentTarget }) => (pressed.current = target === currentTarget)} onClick={({ target, currentTarget }) => pressed.current && target === currentTarget && onClose()}>
      <div class="dialog-body">
        <h2 id={id}>{title}</h2>
        <div>{children}</div>
        <div class="dialog-buttons">{buttons}</div>
      </div>
    </dialog>
  );
}

/** Before what cannot be undone. */
export function Confirm({ title, children, action, busy = false, onConfirm, onClose }: { title: string; children: ComponentChildren; /** What the button says. */ action: string; busy?: boolean; onConfirm(): void; onClose(): void }) {
  return (
    <Dialog title={title} onClose={onClose} buttons={<><Button onClick={onClose}>Keep it</Button><Button danger busy={busy} onClick={onConfirm}>{action}</Button></>}>
      {children}
    </Dialog>
  );
}
