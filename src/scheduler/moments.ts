// When a round could decide something else although nobody came, ended or left: time by itself makes a difference.
import { nextDay } from './play.js';
import { budgetLeft, type Settings, type State } from './state.js';

export interface MomentOptions extends Pick<Settings, 'quantumMs' | 'agingMs' | 'turnMs' | 'loanMs'> {
  /** Devices that a team holds now, as they count in its budget. */
  holdingOf(team: string): number;
}

/**
 * The next such time after `state.now`; Infinity where there is none. Not among them is a change of who has used the
 * least, which comes by degrees: whoever waits for a moment looks now and then in between.
 */
export function nextMoment({ now, running, teams, lines }: State, { quantumMs, agingMs, turnMs, loanMs, holdingOf }: MomentOptions): number {
  let next = Infinity;
  const consider = (at: number) => {
    if (at > now && at < next) next = at;
  };
  for (const { startedAt, expectedEnd, endsBy } of running) {
    consider(startedAt + quantumMs);
    consider(startedAt + turnMs);
    // One that is overdue is expected to be so for as long again: what is kept behind it may be lent then.
    consider(expectedEnd + loanMs);
    if (endsBy !== null) consider(endsBy);
  }
  const teamsById = new Map(teams.map((team) => [team.id, team]));
  for (const { team, user, byAge } of lines) {
    const lastTurn = teamsById.get(team)?.users.find(({ id }) => id === user)?.lastTurn ?? -Infinity;
    consider(Math.max(byAge[0]!.since, lastTurn) + agingMs);
  }
  for (const team of teams) {
    const left = budgetLeft(team);
    if (left === null) continue;
    consider(nextDay(now));
    const holding = holdingOf(team.id);
    if (left > 0 && holding > 0) consider(now + left / holding);
  }
  return next;
}
