// Who are you?
import { useState } from 'preact/hooks';
import { signIn } from '../api/session.js';
import { useTitle } from '../lib/title.js';
import { Button } from '../ui/button.js';
import { TextField } from '../ui/field.js';
import './sign-in.css';

export function SignInPage({ fault }: { fault: string | null }) {
  useTitle('Sign in');
  const [key, setKey] = useState('');
  const [wrong, setWrong] = useState(fault);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    const failure = await signIn(key.trim());
    setBusy(false);
    if (failure !== null) setWrong(failure);
  };
  return (
    <main id="main">
      <form class="sign-in card" onSubmit={(event) => void submit(event)}>
        <h1>Sign in</h1>
        <p class="muted">With your API key, or with a link that you were sent. Whoever runs the service makes keys; its first start printed one.</p>
        <TextField label="Key" type="password" value={key} onInput={(next) => { setKey(next); setWrong(null); }} placeholder="ty_…" autoComplete="current-password" required autoFocus fault={wrong} />
        <Button type="submit" primary busy={busy}>Sign in</Button>
      </form>
    </main>
  );
}
