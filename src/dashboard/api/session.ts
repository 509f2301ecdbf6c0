// Who looks at the page. The session itself is in a cookie that no script can read; a key is typed once and not kept.
import { computed, signal } from '@preact/signals';
import { api, send, setCsrfToken, take, whenSignedOut } from './client.js';
import { addressOf } from '../lib/base.js';
import { same } from '../lib/same.js';
import { forgetAll, ownTab } from '../lib/tab-owner.js';
import { ApiError, unreachable, wordsOf } from './error.js';
import { patiently } from './patiently.js';
import type { BrowserSession, Identity, Right, Run } from './types.js';

export type SessionState =
  /** `fault` says why nothing is known yet: the service is late, or cannot tell. */
  | { is: 'unknown'; fault: string | null }
  /** `fault` says why, where it was not so before. */
  | { is: 'out'; fault: string | null }
  | { is: 'in'; identity: Identity };

const state = signal<SessionState>({ is: 'unknown', fault: null });
export const session = computed(() => state.value);
export const identity = computed(() => (state.value.is === 'in' ? state.value.identity : null));

const WHY: Record<Right, string> = {
  view: 'You may not look at this.',
  read: 'You see only the run whose link you have.',
  write: 'You may look only.',
  manage: 'Only who manages the team may do this.',
  operate: 'Only who runs the service may do this.',
};

/** Whether the service would let one do what takes this right. Read in a component, it is asked again with each change. */
export const may = (right: Right): boolean => identity.value?.rights.includes(right) ?? false;

/** Why one may not, in words for people; null where one may. */
export const whyNot = (right: Right): string | null => (may(right) ? null : WHY[right]);

/** Why one may not change this run; null where one may. */
export const whyNotChange = (run: Pick<Run, 'team'>): string | null => whyNot('write') ?? (run.team === identity.value?.team ? null : `It belongs to the team ${run.team}.`);

/** The only run that one sees, for who has a link. */
export const onlyRun = (): string | null => identity.value?.runId ?? null;

const GONE = 'You were signed out: the key, or the link, is good no more.';
const ENDED = 'trainyard-session-ended';
const LATE_MS = 2000;

/** Looks for a session, or opens one by a link in the address. */
export async function begin(): Promise<void> {
  let fault = unreachable();
  let isLate = false;
  const tell = () => {
    isLate = true;
    tellFault(fault);
  };
  const timer = setTimeout(tell, LATE_MS);
  try {
    await findSession((error) => {
      fault = error;
      if (isLate) tell();
    });
  } catch (error) {
    tellFault(error);
  }
  clearTimeout(timer);
}

async function findSession(onFault: (error: ApiError) => void): Promise<void> {
  const link = /^#link=(\w+)$/.exec(location.hash)?.[1];
  const known = await patiently(ask, { onFault });
  if (known !== null) enter(known);
  // A link that somebody sends must not take another's place unasked.
  const mayOpen = link !== undefined && (known === null || confirm(`You are signed in as ${known.identity.user ?? 'a guest'}. Look at the shared run instead? That signs you out.`));
  if (mayOpen) {
    const opened = await patiently(() => open(link), { onFault }).catch((error: unknown) => {
      if (isRefusal(error)) return null;
      throw error;
    });
    if (opened === null) state.value = { is: 'out', fault: 'The link is good no more. Sign in with a key.' };
    else enter(opened);
  } else if (known === null) state.value = { is: 'out', fault: wasEnded() ? GONE : null };
  // It does not stay where others may read it; but while nobody has answered, it is all there is.
  if (link !== undefined) history.replaceState(null, '', location.pathname + location.search);
}

function tellFault(error: unknown): void {
  if (state.value.is === 'unknown') state.value = { is: 'unknown', fault: wordsOf(error) };
}

const open = (secret: string): Promise<BrowserSession> => take(api.POST('/v1/session', { body: secret.startsWith('tyl_') ? { link: secret } : { key: secret } }));

const isRefusal = (error: unknown): boolean => error instanceof ApiError && (error.code === 'unauthorized' || error.code === 'bad_request');

/** By a key, or the secret of a link. Answers what is wrong, or null. */
export async function signIn(secret: string): Promise<string | null> {
  try {
    enter(await open(secret));
    tabs.postMessage(null);
    return null;
  } catch (error) {
    return isRefusal(error) ? 'There is no such key, or it is good no more.' : wordsOf(error);
  }
}

/** @throws ApiError where one is still signed in */
export async function signOut(): Promise<void> {
  await take(api.DELETE('/v1/session')).catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  });
  forgetAll(sessionStorage);
  tabs.postMessage(null);
  location.reload();
}

/** A browser has one session, which another tab may have ended, or begun as somebody else. */
const tabs = new BroadcastChannel('trainyard-session');
tabs.onmessage = () => void checkSession();

let checking = false;
/** For whom the service has let go of the page: whoever may still look stays. */
export async function checkSession(): Promise<void> {
  if (checking || state.value.is !== 'in') return;
  checking = true;
  const known = await patiently(ask).catch(() => undefined);
  checking = false;
  if (known === undefined || state.value.is !== 'in') return;
  if (known !== null && isSame(known.identity, state.value.identity)) return enter(known);
  if (known === null) sessionStorage.setItem(ENDED, '1');
  // What was read on behalf of who was signed in goes with the page.
  location.reload();
}

/** Sessions of the same person and rights differ in their ends alone. */
const isSame = (a: Identity, b: Identity): boolean => same({ ...a, expiresAt: null }, { ...b, expiresAt: null });

function wasEnded(): boolean {
  const ended = sessionStorage.getItem(ENDED) !== null;
  sessionStorage.removeItem(ENDED);
  return ended;
}

async function ask(): Promise<BrowserSession | null> {
  const response = await send(new Request(addressOf('v1/session')));
  return response.status === 204 ? null : ((await response.json()) as BrowserSession);
}

function enter({ identity, csrfToken }: BrowserSession): void {
  ownTab(sessionStorage, `${identity.team} ${identity.user ?? identity.runId}`);
  setCsrfToken(csrfToken);
  whenSignedOut(() => void checkSession());
  if (state.value.is !== 'in' || !isSame(state.value.identity, identity)) state.value = { is: 'in', identity };
}
