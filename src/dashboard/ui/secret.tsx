// Something that is shown this once, to be copied.
import { useRef, useState } from 'preact/hooks';
import { Button } from './button.js';
import './secret.css';

export function Secret({ label, text }: { label: string; text: string }) {
  const [copied, setCopied] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const copy = async () => {
    field.current?.select();
    // Pages that came without encryption, from elsewhere than this machine, have no clipboard: then it is selected.
    await navigator.clipboard?.writeText(text).then(() => setCopied(true), () => undefined);
  };
  return (
    <div class="secret">
      <textarea ref={field} class="input" aria-label={label} readOnly rows={text.split('\n').length} value={text} onFocus={({ currentTarget }) => currentTarget.select()} />
      <Button onClick={() => void copy()} primary={!copied}>{copied ? 'Copied' : 'Copy'}</Button>
    </div>
  );
}
