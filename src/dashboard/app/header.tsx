// The bar at the top.
import { addressOf } from '../lib/base.js';
import { identity, may, onlyRun, signOut } from '../api/session.js';
import { wordsOf } from '../api/error.js';
import { link } from '../live/link.js';
import type { LinkStatus } from '../live/connection.js';
import { Button } from '../ui/button.js';
import { useInSight } from '../ui/in-sight.js';
import { toast } from '../ui/toasts.js';
import { PAGES } from './pages.js';
import { hrefOf, matched } from '../lib/router.js';
import { isDark, toggleTheme } from '../lib/theme.js';
import type { PageName } from '../../portable/page-paths.js';

export function Header() {
  const who = identity.value;
  return (
    <header class="top">
      <a class="brand" href={hrefOf('home')}><Mark /> Trainyard</a>
      {who !== null && onlyRun() === null && <Nav />}
      <div class="top-right">
        {who !== null && <LinkState />}
        {who !== null && <span class="who">{who.user === null ? `A run of ${who.team}` : `${who.user} · ${who.team}`}</span>}
        <a class="button button-quiet" href={addressOf('docs/')}>API</a>
        <Button quiet onClick={toggleTheme} label={`Make it ${isDark() ? 'light' : 'dark'}`} title={isDark() ? 'Light' : 'Dark'}>
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M8 1a7 7 0 1 0 0 14zM8 1a7 7 0 0 1 0 14" fill="currentColor" fill-opacity=".2" /><path d="M8 1a7 7 0 0 1 0 14z" fill="currentColor" /><circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" /></svg>
        </Button>
        {who !== null && <Button quiet onClick={() => void signOut().catch((error: unknown) => toast(`You are still signed in. ${wordsOf(error)}`))}>Sign out</Button>}
      </div>
    </header>
  );
}

function Nav() {
  const here = matched.value?.name;
  const entries = (Object.keys(PAGES) as PageName[]).filter((name) => PAGES[name].nav !== undefined && may(PAGES[name].right));
  const current = here === 'run' || here === 'try' ? 'runs' : here === 'dataset' ? 'datasets' : here;
  const row = useInSight<HTMLElement>(current);
  return (
    <nav ref={row} class="nav" aria-label="Pages">
      {entries.map((name) => <a key={name} href={hrefOf(name)} aria-current={name === current ? 'page' : undefined}>{PAGES[name].nav}</a>)}
    </nav>
  );
}

const WORDS: Record<LinkStatus, string> = { idle: 'Connecting', connecting: 'Connecting', live: 'Live', behind: 'Catching up', reconnecting: 'Reconnecting' };

const LinkState = () => <p class="link" data-status={link.value.status}><span>{WORDS[link.value.status]}</span></p>;

function Mark() {
  return <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><rect width="24" height="24" rx="5" /><path d="M4 18h5c6 0 4-12 11-12M4 18h16" /></svg>;
}
