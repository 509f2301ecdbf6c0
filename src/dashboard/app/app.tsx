// The shell around every page: who one is, where one can go, and whether what one sees is live.
import { useEffect } from 'preact/hooks';
import { onlyRun, session } from '../api/session.js';
import { openLink } from '../live/link.js';
import { SignInPage } from '../pages/sign-in.js';
import { ErrorNote } from '../ui/surfaces.js';
import { Toasts } from '../ui/toasts.js';
import { AwayBanner } from './away-banner.js';
import { Header } from './header.js';
import { Outlet } from './outlet.js';
import { followClick, go, hrefOf, matched } from '../lib/router.js';
import './shell.css';

export function App() {
  const state = session.value;
  if (state.is === 'unknown') return <div class="shell" aria-busy="true">{state.fault !== null && <main id="main"><ErrorNote error={state.fault} onRetry={() => location.reload()} /></main>}</div>;
  if (state.is === 'out') return <div class="shell"><Header /><SignInPage fault={state.fault} /></div>;
  return <Inside />;
}

/** The address of the link is that of the page's base, which is the overview: it is not followed. */
function skip(event: Event) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Inside() {
  useEffect(openLink, []);
  const id = onlyRun();
  const astray = id !== null && matched.value?.params.id !== id;
  useEffect(() => {
    if (id !== null && astray) go(hrefOf('run', { params: { id } }), { replace: true });
  }, [id, astray]);
  return (
    <div class="shell" onClick={followClick}>
      <a class="skip button" href="#main" onClick={skip}>Skip to the page</a>
      <Header />
      <AwayBanner />
      {astray ? null : <Outlet />}
      <Toasts />
    </div>
  );
}
