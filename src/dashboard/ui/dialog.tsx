// A question that must be answered first, on the browser's own dialog: it holds the focus and closes with Escape.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './button.js';
import './surfaces.css';

export function Dialog({ title, onClose, children, buttons }: { title: string; onClose(): void; children: ComponentChildren; buttons: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current!;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog ref={ref} class="dialog" aria-labelledby={id} onCancel={(event) => { event.preventDefault(); onClose(); }} onClick={({ target, currentTarget }) => target === currentTarget && onClose()}>
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
