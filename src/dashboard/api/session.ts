// Who looks at the page. The session itself is in a cookie that no script can read; a key is typed once and not kept.
import { computed, signal } from '@preact/signals';
import { api, send, setCsrfToken, take, whenSignedOut } from './client.js';
import { addressOf } from '../lib/base.js';
import { ApiError, wordsOf } from './error.js';
import type { BrowserSession, Identity, Right, Run } from './types.js';

export type SessionState =
  | { is: 'unknown' }
  /** `fault` says why, where it was not so before. */
  | { is: 'out'; fault: string | null }
  | { is: 'in'; identity: Identity };

const state = signal<SessionState>({ is: 'unknown' });
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

/**
 * Looks for a session, or opens one by a link in the address. The link is not left there, where others may read it.
 */
export async function begin(): Promise<void> {
  const link = /^#link=(\w+)$/.exec(location.hash)?.[1];
  if (link !== undefined) history.replaceState(null, '', location.pathname + location.search);
  const known = await ask();
  if (known !== null) enter(known);
  // A link that somebody sends must not take another's place unasked.
  const mayOpen = link !== undefined && (known === null || confirm(`You are signed in as ${known.identity.user ?? 'a guest'}. Look at the shared run instead? That signs you out.`));
  if (mayOpen) {
    if ((await signIn(link)) !== null) state.value = { is: 'out', fault: 'The link is good no more. Sign in with a key.' };
  } else if (known === null) state.value = { is: 'out', fault: wasEnded() ? GONE : null };
}

/** By a key, or the secret of a link. Answers what is wrong, or null. */
export async function signIn(secret: string): Promise<string | null> {
  try {
    enter(await take(api.POST('/v1/session', { body: secret.startsWith('tyl_') ? { link: secret } : { key: secret } })));
    return null;
  } catch (error) {
    return error instanceof ApiError && (error.code === 'unauthorized' || error.code === 'bad_request') ? 'There is no such key, or it is good no more.' : wordsOf(error);
  }
}

export async function signOut(): Promise<void> {
  await api.DELETE('/v1/session').catch(() => undefined);
  location.reload();
}

let checking = false;
/** For whom the service has let go of the page: whoever may still look stays. */
export async function checkSession(): Promise<void> {
  if (checking || state.value.is !== 'in') return;
  checking = true;
  const known = await ask();
  checking = false;
  if (known !== null) return;
  sessionStorage.setItem(ENDED, '1');
  // What was read on behalf of who was signed in goes with the page.
  location.reload();
}

function wasEnded(): boolean {
  const ended = sessionStorage.getItem(ENDED) !== null;
  sessionStorage.removeItem(ENDED);
  return ended;
}

/** While the service is away there is nothing to ask: it is tried until it is there. */
async function ask(): Promise<BrowserSession | null> {
  for (;;) {
    try {
      const response = await send(new Request(addressOf('v1/session')));
      return response.status === 204 ? null : ((await response.json()) as BrowserSession);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function enter({ identity, csrfToken }: BrowserSession): void {
  setCsrfToken(csrfToken);
  whenSignedOut(() => void checkSession());
  state.value = { is: 'in', identity };
}
