// Who looks at the page. The session itself is in a cookie that no script can read; a key is typed once and not kept.
import { ApiError, request, setCsrfToken, whenSignedOut } from './api.js';

const $ = (id) => document.getElementById(id);

/** @typedef {{user: string|null, team: string, rights: string[], runId: string|null}} Identity */

/** @type {Identity|null} */
let identity = null;
export const may = (right) => identity !== null && identity.rights.includes(right);
export const mayChange = (run) => may('write') && run.team === identity.team;
export const onlyRun = () => identity?.runId ?? null;

/**
 * Resolves with who looks at the page, at once where the browser has a session or the address has a link, else when
 * somebody has signed in.
 * @returns {Promise<Identity>}
 */
export async function signIn() {
  const link = /^#link=(\w+)$/.exec(location.hash)?.[1];
  // Not left in the address, where others may read it.
  if (link !== undefined) history.replaceState(null, '', location.pathname);
  const session = await known();
  if (session !== null) take(session);
  // A link that somebody sends must not take another's place unasked.
  const mayOpen = link !== undefined && (session === null || confirm(`You are signed in as ${identity.user ?? 'a guest'}. Look at the shared run instead? That signs you out.`));
  if (mayOpen && (await tryLogin({ link })) !== null) return ask('The link is good no more. Sign in with a key.');
  return identity === null ? ask(wasEnded() ? 'You were signed out: the key, or the link, is good no more.' : null) : begin();
}

const ENDED = 'trainyard-session-ended';

/** Called where the service has let go of the page: whoever may still look stays. */
let checking = false;
export async function checkSession() {
  if (checking) return;
  checking = true;
  const session = await known();
  checking = false;
  if (session !== null) return;
  sessionStorage.setItem(ENDED, '1');
  location.reload();
}

function wasEnded() {
  const ended = sessionStorage.getItem(ENDED) !== null;
  sessionStorage.removeItem(ENDED);
  return ended;
}

/** While the service is away there is nothing to ask: it is tried until it is there. */
async function known() {
  for (;;) {
    try {
      return await request('v1/session');
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** @returns {Promise<string|null>} what is wrong, or null */
async function tryLogin(login) {
  try {
    take(await request('v1/session', { json: login }));
    return null;
  } catch (error) {
    return error.code === 'unauthorized' || error.code === 'bad_request' ? 'There is no such key, or it is good no more.' : error.message;
  }
}

function take(session) {
  identity = session.identity;
  setCsrfToken(session.csrfToken);
}

function ask(fault) {
  $('sign-in').hidden = false;
  $('layout').hidden = true;
  $('link').hidden = true;
  say(fault);
  $('key').focus();
  return new Promise((resolve) => {
    $('sign-in').onsubmit = async (event) => {
      event.preventDefault();
      $('sign-in-button').disabled = true;
      const secret = $('key').value.trim();
      const failure = await tryLogin(secret.startsWith('tyl_') ? { link: secret } : { key: secret });
      $('sign-in-button').disabled = false;
      say(failure);
      if (failure !== null) return $('key').select();
      $('key').value = '';
      resolve(begin());
    };
  });
}

function say(fault) {
  $('sign-in-fault').hidden = fault === null;
  $('sign-in-fault').textContent = fault ?? '';
  $('key').setAttribute('aria-invalid', String(fault !== null));
}

function begin() {
  $('sign-in').hidden = true;
  $('layout').hidden = false;
  $('link').hidden = false;
  $('layout').classList.toggle('alone', onlyRun() !== null);
  $('who').textContent = identity.user === null ? `A run of ${identity.team}` : `${identity.user} · ${identity.team}`;
  $('sign-out').hidden = false;
  $('sign-out').onclick = async () => {
    await request('v1/session', { method: 'DELETE' }).catch(() => undefined);
    location.reload();
  };
  whenSignedOut(() => void checkSession());
  return identity;
}
