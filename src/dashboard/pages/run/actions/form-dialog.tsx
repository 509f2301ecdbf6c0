// A dialog whose answer is sent with Enter, and stays open with the fault where it is refused.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { useAction } from '../../../api/resource.js';
import { Button } from '../../../ui/button.js';
import { Dialog } from '../../../ui/dialog.js';
import { ErrorNote } from '../../../ui/surfaces.js';
import './actions.css';

export interface FormDialogProps {
  title: string;
  /** What the button says. */
  action: string;
  /** Why it cannot be sent as it is; null where it can. */
  why?: string | null;
  /** Also after it was sent: there is an answer to read. */
  staysOpen?: boolean;
  /** Rejected, it is shown why; else the dialog closes. */
  onSend(): Promise<void>;
  onClose(): void;
  children: ComponentChildren;
}

export function FormDialog({ title, action, why = null, staysOpen = false, onSend, onClose, children }: FormDialogProps) {
  const id = useId();
  const send = useAction(async () => {
    await onSend();
    if (!staysOpen) onClose();
  });
  const submit = (event: Event) => {
    event.preventDefault();
    if (why === null) send.run();
  };
  const press = () => (document.getElementById(id) as HTMLFormElement | null)?.requestSubmit();
  return (
    <Dialog title={title} onClose={onClose} buttons={<><Button onClick={onClose}>Close</Button><Button primary busy={send.busy} why={why} onClick={press}>{action}</Button></>}>
      <form id={id} class="form-dialog" onSubmit={submit} noValidate>
        {children}
        <ErrorNote error={send.error} />
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
