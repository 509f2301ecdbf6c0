// Who used the devices in a period, and what became of it: uses, split and summed up by what is asked for.
import { ServiceError } from '../errors.js';
import { Kept } from '../kept.js';
import { decodeCursor, encodeCursor } from '../id-cursor.js';
import type { Principal } from '../identity/principal.js';
import { pick } from '../pick.js';
import type { Ledger, LedgerItem, LedgerQuery } from '../schemas/ledger.js';
import { Account, KEYS, totalOf } from './account.js';
import type { LedgerRepository, UseQuery } from './repository.js';
import { splitOf, stretchesOf, type DeviceUse, type Period } from './split.js';
import { Turns } from './turns.js';

export interface LedgerService {
  /** @throws ServiceError bad_request, invalid_cursor, forbidden, not_found */
  get(principal: Asker, query: Omit<LedgerQuery, 'format'>): Promise<Ledger>;
}

type Asker = Pick<Principal, 'team' | 'teamId' | 'rights'>;

export const DAY_MS = 24 * 3600_000;
const DEFAULT_PERIOD_MS = 7 * DAY_MS;
const LONGEST_PERIOD_MS = 366 * DAY_MS;
const DEFAULT_PAGE = 50;
/** Adding up a year costs something: who asks again at once is told the same. */
const FRESH_MS = 5_000;

export function createLedgerService({ ledger, now = Date.now }: { ledger: LedgerRepository; now?: () => number }): LedgerService {
  const turns = new Turns();
  const answers = new Kept<Ledger>(FRESH_MS, now);

  /** Another team's runs are not there, for who runs the service either: but how much it used is. */
  async function teamOf({ team: own, teamId, rights }: Asker, { team = own, by }: Pick<LedgerQuery, 'team' | 'by'>): Promise<UseQuery['team']> {
    if (team === own) return { id: teamId };
    if (!rights.includes('operate')) throw new ServiceError('not_found', `There is no team ${team}.`);
    if (by === 'run') throw new ServiceError('forbidden', 'Runs are seen by their own team only; ask by team, user, day, box or deviceKind.');
    if (team === 'all') return undefined;
    if (!(await ledger.knowsTeam(team))) throw new ServiceError('not_found', `There is no team ${team}.`);
    return { name: team };
  }

  async function find(principal: Asker, query: Omit<LedgerQuery, 'format'>): Promise<Ledger> {
    const { by = 'team', deviceKind } = query;
    const period = periodOf(query, now());
    const page = pageOf(query);
    const team = await teamOf(principal, query);
    const groups = new Map<string, { about: Partial<LedgerItem>; account: Account }>();
    const accountOf = (about: Partial<LedgerItem>) => {
      const id = JSON.stringify(about);
      let group = groups.get(id);
      if (group === undefined) groups.set(id, (group = { about, account: new Account() }));
      return group.account;
    };
    if (by === 'day') for (const day of daysOf(period)) accountOf({ day: dayOf(day.from) });
    const runs = new Set<string>();
    let seen = 0;
    let last: string | null = null;
    for await (const uses of ledger.listUses({ ...period, deviceKind, ...(team === undefined ? {} : { team }), ...(page === null ? {} : { after: page.after, limit: page.limit + 1 }) })) {
      // One more than the page has: there is another page.
      if (page !== null && (seen += 1) > page.limit) break;
      last = uses[0]!.runId;
      const stretches = stretchesOf(uses);
      for (const [index, use] of uses.entries()) {
        if (deviceKind !== undefined && use.deviceKind !== deviceKind) continue;
        const parts = by === 'day' ? daysOf(overlapOf(use, period)) : [period];
        for (const part of parts) {
          const split = splitOf(stretches[index]!, part);
          if (Object.values(split).every((ms) => ms === 0)) continue;
          runs.add(use.runId);
          const facts = { ...use, run: uses.at(-1)!.runName, day: dayOf(part.from) };
          accountOf(pick(facts, KEYS[by])).add(use, split);
        }
      }
    }
    const items = [...groups.values()].map(({ about, account }) => ({ ...about, ...account.sums() }));
    // Runs and days come in their order.
    if (by !== 'run' && by !== 'day') items.sort(byUse);
    const nextCursor = page !== null && seen > page.limit && last !== null ? encodeCursor(last) : null;
    return { from: new Date(period.from).toISOString(), to: new Date(period.to).toISOString(), by, items, total: { ...totalOf(items), runs: runs.size }, nextCursor };
  }

  return { get: (principal, query) => answers.get(() => turns.take(principal.teamId, () => find(principal, query)), JSON.stringify([principal.teamId, principal.team, principal.rights, query])) };
}

/** Those that held and waited as much stand in the order of what they say of themselves: it is what their JSON begins with. */
const byUse = (a: LedgerItem, b: LedgerItem) => b.deviceSeconds - a.deviceSeconds || b.waitingSeconds - a.waitingSeconds || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** Null where everything is answered at once. @throws ServiceError bad_request, invalid_cursor */
function pageOf({ by, limit, cursor }: Pick<LedgerQuery, 'by' | 'limit' | 'cursor'>): { limit: number; after: string | undefined } | null {
  if (by === 'run') return { limit: limit ?? DEFAULT_PAGE, after: cursor === undefined ? undefined : decodeCursor(cursor) };
  for (const [parameter, value] of Object.entries({ limit, cursor })) if (value !== undefined) throw refused(parameter, 'is for `by=run` alone: of all else there are no pages');
  return null;
}

/** Nothing lies after now, so an end there is as good as a later one. @throws ServiceError bad_request */
function periodOf({ from, to }: Pick<LedgerQuery, 'from' | 'to'>, now: number): Period {
  const until = Math.min(now, timeOf('to', to) ?? now);
  const since = timeOf('from', from) ?? until - DEFAULT_PERIOD_MS;
  if (since >= until) throw refused('from', 'must lie before `to`, and before now');
  if (until - since > LONGEST_PERIOD_MS) throw refused('from', 'must lie at most 366 days before `to`');
  return { from: since, to: until };
}

function timeOf(parameter: 'from' | 'to', text: string | undefined): number | null {
  if (text === undefined) return null;
  const time = Date.parse(text);
  // A leap second is a time by its format, and none to JavaScript; years before are none to the database.
  if (!(time >= 0)) throw refused(parameter, 'must be a time after 1970');
  return time;
}

const refused = (parameter: string, detail: string) => new ServiceError('bad_request', 'The query has values that this route does not take.', { parameters: [{ in: 'query', parameter, detail }] });

/** The part of a period within which a use waited or held something. */
const overlapOf = ({ queuedAt, startedAt, heldUntil }: DeviceUse, { from, to }: Period): Period => ({
  from: Math.max(from, Math.min(queuedAt.getTime(), startedAt.getTime())),
  to: Math.min(to, Math.max(startedAt.getTime(), heldUntil?.getTime() ?? Infinity)),
});

const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** The days of a period, in UTC; the first and the last may be parts of one. */
export function daysOf({ from, to }: Period): Period[] {
  const days: Period[] = [];
  for (let start = from; start < to; ) {
    const end = Math.min(to, (Math.floor(start / DAY_MS) + 1) * DAY_MS);
    days.push({ from: start, to: end });
    start = end;
  }
  return days;
}
