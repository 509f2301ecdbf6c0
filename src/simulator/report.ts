// What a simulated week was like, as a table and as bars.
import type { Result, SimulatedTeam } from './simulate.js';

export interface Summary {
  policy: string;
  /** Part of the devices' time that was used, until the last run ended. */
  utilisation: number;
  /** In line, over all its times there, also of those that never started; hours. */
  waitHours: { p50: number; p95: number; max: number };
  /** The same by team, 95th percentile. */
  teamWaitHours: Record<string, number>;
  /** What the team that was served worst got of what was due to it while it waited. */
  leastServed: { team: string; part: number };
  preemptions: number;
  /** Runs that never started. */
  unserved: number;
  /** How long the simulation took. */
  seconds: number;
}

const HOUR_MS = 3600_000;

/** @param sorted not empty */
const quantile = (sorted: readonly number[], part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;

export interface About {
  policy: string;
  teams: readonly SimulatedTeam[];
  deviceCount: number;
  seconds: number;
}

export function summarize({ outcomes, teams: results, preemptions, endedAt }: Result, { policy, teams, deviceCount, seconds }: About): Summary {
  const waits = (of: typeof outcomes) => of.map(({ waitedMs }) => waitedMs / HOUR_MS).sort((a, b) => a - b);
  const all = waits(outcomes);
  const used = [...results.values()].reduce((sum, one) => sum + one.used, 0);
  const served = teams.map(({ id }) => ({ team: id, part: results.get(id)!.due === 0 ? 1 : results.get(id)!.got / results.get(id)!.due }));
  return {
    policy,
    utilisation: used / (deviceCount * endedAt),
    waitHours: { p50: quantile(all, 0.5), p95: quantile(all, 0.95), max: all.at(-1) ?? NaN },
    teamWaitHours: Object.fromEntries(teams.map(({ id }) => [id, quantile(waits(outcomes.filter(({ submission }) => submission.team === id)), 0.95)])),
    leastServed: served.reduce((least, one) => (one.part < least.part ? one : least)),
    preemptions,
    unserved: outcomes.filter(({ firstStart }) => firstStart === null).length,
    seconds,
  };
}

const hours = (value: number) => (value < 0.1 ? `${(value * 60).toFixed(0)} min` : `${value.toFixed(value < 10 ? 1 : 0)} h`);
const percent = (part: number) => `${(100 * part).toFixed(0)}%`;

/** In Markdown. */
export function tableOf(summaries: readonly Summary[]): string {
  const rows = summaries.map(({ policy, utilisation, waitHours: { p50, p95, max }, leastServed: { team, part }, preemptions }) =>
    `| ${policy} | ${percent(utilisation)} | ${hours(p50)} | ${hours(p95)} | ${hours(max)} | ${percent(part)} (${team}) | ${preemptions} |`);
  return ['| policy | utilisation | wait, median | 95% | longest | of its share while it waited, the worst served team got | preemptions |', '|---|---|---|---|---|---|---|', ...rows].join('\n');
}

const BAR_WIDTH = 40;

/** How long the runs of each team waited (95%), one bar for each policy. */
export function chartOf(summaries: readonly Summary[], teams: readonly SimulatedTeam[]): string {
  const longest = Math.max(...summaries.flatMap(({ teamWaitHours }) => Object.values(teamWaitHours)));
  const nameWidth = Math.max(...summaries.map(({ policy }) => policy.length));
  const bar = (value: number) => '█'.repeat(Math.round((BAR_WIDTH * value) / longest)) || '▏';
  return teams
    .map(({ id, weight }) => {
      const lines = summaries.map(({ policy, teamWaitHours }) => `  ${policy.padEnd(nameWidth)} ${bar(teamWaitHours[id] ?? 0)} ${hours(teamWaitHours[id] ?? 0)}`);
      return [`${id}, weight ${weight}`, ...lines].join('\n');
    })
    .join('\n');
}
