// The page begins: who looks at it is asked before anything is shown.
import { render } from 'preact';
import { App } from './app/app.js';
import { preloadPage } from './app/outlet.js';
import { begin } from './api/session.js';
import { go, hrefOf } from './lib/router.js';
import './lib/theme.js';
import './styles/tokens.css';
import './styles/base.css';

// The service was replaced by a newer one, whose files have other names.
addEventListener('vite:preloadError', (event) => {
  event.preventDefault();
  location.reload();
});
// A link that is opened in this very tab changes no more than the part behind the hash.
addEventListener('hashchange', () => /^#link=/.test(location.hash) && location.reload());

// Where runs were before they had addresses of their own.
const old = /^#\/runs\/([\w-]+)$/.exec(location.hash)?.[1];
if (old !== undefined) go(hrefOf('run', { params: { id: old } }), { replace: true });

render(<App />, document.getElementById('app')!);
void begin();
preloadPage();
