// The ledger of a period, page after page where it is of runs.
import { useEffect, useState } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useAction, useResource } from '../../api/resource.js';
import type { Ledger, LedgerItem } from '../../api/types.js';
import type { By } from './ledger-words.js';
import type { Span } from './period.js';

export interface Question {
  by: By;
  span: Span;
  deviceKind: 'all' | 'gpu' | 'cpu';
  /** Empty is one's own. */
  team: string;
}

export const queryOf = ({ by, span: { from, to }, deviceKind, team }: Question) => ({ by, from, ...(to === null ? {} : { to }), ...(deviceKind === 'all' ? {} : { deviceKind }), ...(team === '' ? {} : { team }) });

const ask = (question: Question, { cursor, signal }: { cursor?: string; signal?: AbortSignal }): Promise<Ledger> =>
  take(api.GET('/v1/ledger', { params: { query: { ...queryOf(question), ...(cursor === undefined ? {} : { cursor }) } }, headers: { accept: 'application/json' }, ...(signal === undefined ? {} : { signal }) }));

/** `question` is null while there is none. */
export function useLedger(question: Question | null) {
  const key = JSON.stringify(question);
  const first = useResource(`ledger ${key}`, async (signal) => (question === null ? null : ask(question, { signal })));
  const [more, setMore] = useState<{ items: readonly LedgerItem[]; cursor: string | null } | null>(null);
  useEffect(() => setMore(null), [key, first.data]);
  const cursor = more === null ? (first.data?.nextCursor ?? null) : more.cursor;
  const next = useAction(async () => {
    if (question === null || cursor === null) return;
    const page = await ask(question, { cursor });
    setMore({ items: [...(more?.items ?? []), ...page.items], cursor: page.nextCursor });
  });
  return { ...first, items: [...(first.data?.items ?? []), ...(more?.items ?? [])], hasMore: cursor !== null, next };
}
