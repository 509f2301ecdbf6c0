// What is printed: a line for each round, all that is needed to repeat one that failed, and a table at the end.
import { median } from '../bench/measure.js';
import { FAULT_KINDS } from './faults.js';
import type { RoundResult } from './round.js';
import { describeStrike, type Plan } from './plan.js';

export interface Played extends RoundResult {
  plan: Plan;
  seconds: number;
}

export function describeRound({ plan, struck, violations, seconds }: Played): string {
  const done = plan.strikes.map((strike) => `${describeStrike(strike)}${struck.some((one) => one.strike === strike && !one.isHit) ? ' [missed]' : ''}`);
  return `round ${plan.round} on ${plan.stage}, ${plan.runs.join(' + ')}: ${done.join('; ')}: ${violations.length === 0 ? 'ok' : `${violations.length} VIOLATIONS`}, ${seconds.toFixed(1)} s`;
}

export function describeRuns({ runs }: Pick<Played, 'runs'>): string {
  return runs.map(({ id, transitions }) => `  run ${id}: ${transitions.map(({ state, attempt, reason, at }) => `${at.slice(14, 23)} ${state} ${attempt}${reason === null ? '' : ` (${reason})`}`).join(', ')}`).join('\n');
}

/** @param logs where the service's own words are */
export function describeViolations(played: Played, logs: string): string {
  const { plan, violations } = played;
  return [
    ...violations.map((text) => `  VIOLATION ${text}`),
    describeRuns(played),
    `  its plan: ${JSON.stringify(plan)}`,
    `  the logs of the service: ${logs}`,
    `  repeat it: npm run chaos -- --seed ${plan.seed} --round ${plan.round}`,
  ].join('\n');
}

export function summarise(rounds: readonly Played[], others: readonly string[]): string {
  const hits = rounds.flatMap(({ struck }) => struck.filter(({ isHit }) => isHit));
  const table = FAULT_KINDS.flatMap((kind) => {
    const times = rounds.flatMap(({ recoveries }) => recoveries.filter((one) => one.kind === kind).map(({ ms }) => ms / 1000));
    const [hit, missed] = [hits.filter(({ strike }) => strike.kind === kind).length, rounds.flatMap(({ struck }) => struck).filter(({ strike, isHit }) => strike.kind === kind && !isHit).length];
    return hit + missed === 0 ? [] : [[kind, String(hit), String(missed), times.length === 0 ? '-' : median(times).toFixed(1)]];
  });
  const rows = [['fault', 'done', 'missed', 'training again after (s, median)'], ...table];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const violations = rounds.reduce((sum, round) => sum + round.violations.length, 0) + others.length;
  return [
    ...rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')),
    `${rounds.length} rounds, ${hits.length} faults, ${violations} violations`,
  ].join('\n');
}
