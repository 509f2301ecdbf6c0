// What happened to a run, and what it said.
import { useEffect, useRef } from 'preact/hooks';
import { api, take } from '../../api/client.js';
import { useResource } from '../../api/resource.js';
import type { Run } from '../../api/types.js';
import { clockTime, count, moment, plain, sentence, words } from '../../lib/format.js';
import * as codecs from '../../lib/codecs.js';
import { useUrlState } from '../../lib/router.js';
import type { Notice } from '../../live/run-record.js';
import { numberOf } from '../../lib/number-of.js';
import { Select } from '../../ui/field.js';
import { ErrorNote, Loading } from '../../ui/surfaces.js';

/** Of the log's end; who wants all of it takes the file. */
const BEFORE = 2000;
const SHOWS = ['all', 'log', 'warning', 'state'] as const;
const SHOW = codecs.choice(SHOWS);
const NAMES: Record<(typeof SHOWS)[number], string> = { all: 'Everything', log: 'Log', warning: 'Warnings', state: 'States' };

export function RunEvents({ run, notices }: { run: Run; notices: readonly Notice[] }) {
  const [show, setShow] = useUrlState('events', SHOW);
  const { data, error, reload } = useResource(`events ${run.id}`, async (signal) => {
    const after = Math.max(0, run.head - BEFORE);
    const { items } = await take(api.GET('/v1/runs/{id}/events', { params: { path: { id: run.id }, query: { kind: 'state,log,warning,checkpoint', after, limit: BEFORE } }, headers: { accept: 'application/json' }, signal }));
    return items as Notice[];
  });
  const list = useRef<HTMLOListElement>(null);
  const known = data?.at(-1)?.seq ?? 0;
  const all = data === undefined ? [] : [...data, ...notices.filter(({ seq }) => seq > known)];
  const shown = all.filter(({ kind }) => show === 'all' || kind === show);
  // Its end stays in sight, unless somebody reads further up.
  const atEnd = useRef(true);
  useEffect(() => {
    if (atEnd.current && list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  }, [shown.length]);
  return (
    <div class="run-events">
      <Select label="Show" hideLabel value={show} onChange={setShow} options={SHOWS.map((value) => ({ value, label: NAMES[value] }))} />
      <ErrorNote error={error} onRetry={reload} />
      {data === undefined && error === undefined ? <Loading lines={5} /> : (
        <ol ref={list} tabIndex={0} aria-label="Events" onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => { atEnd.current = scrollHeight - scrollTop - clientHeight < 40; }}>
          {shown.map((notice) => <li key={notice.seq} data-kind={notice.kind} data-level={notice.kind === 'log' ? notice.data.level : undefined}><time dateTime={notice.at} title={moment(notice.at)}>{clockTime(notice.at)}</time><span>{textOf(notice)}</span></li>)}
          {shown.length === 0 && <li class="muted">Nothing yet.</li>}
        </ol>
      )}
    </div>
  );
}

function textOf(notice: Notice): string {
  if (notice.kind === 'log') return notice.data.message;
  if (notice.kind === 'warning') return `${sentence(words(notice.data.code))}: ${notice.data.message}`;
  if (notice.kind === 'checkpoint') {
    const { kind, epoch, step, metrics } = notice.data;
    const loss = metrics.val_loss ?? metrics.loss;
    return kind === 'final' ? `The model of epoch ${count(epoch)} is kept${loss === undefined ? '' : `, with a loss of ${plain(numberOf(loss))}`}.` : `Its state is kept at step ${count(step)}.`;
  }
  const { state, reason, message, attempt } = notice.data;
  return [sentence(state), attempt > 1 && state === 'starting' ? `attempt ${attempt}` : null, reason === undefined ? null : words(reason), message ?? null].filter(Boolean).join(', ');
}
