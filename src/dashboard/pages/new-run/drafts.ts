// What one is writing, kept by the tab: each start (a recipe, a run, nothing) has a draft of its own, so that none is
// lost when one looks at another.

export interface Draft {
  text: string;
  /** A name of the submission that was sent, so that it is sent once: good for this very text. */
  sent?: { text: string; key: string };
}

const keyOf = (origin: string) => `trainyard-draft ${origin}`;

export function readDraft(origin: string): Draft | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(keyOf(origin)) ?? 'null');
    return typeof kept === 'object' && kept !== null && typeof (kept as Draft).text === 'string' ? (kept as Draft) : null;
  } catch {
    return null;
  }
}

/** Whether it could be kept: storage may be full, or forbidden. */
export function keepDraft(origin: string, draft: Draft | null): boolean {
  try {
    if (draft === null) sessionStorage.removeItem(keyOf(origin));
    else sessionStorage.setItem(keyOf(origin), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

/** A name for a submission. `crypto.randomUUID` is not there on plain http, where most of these boxes are. */
export const newKey = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
