// `npm run simulate`: a generated week of a lab under the scheduler's policy and under others, side by side.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { POLICIES } from './policies.js';
import { chartOf, summarize, tableOf, type Summary } from './report.js';
import { simulate } from './simulate.js';
import { DEVICES, generateWeek, TEAMS } from './workload.js';

const USAGE = 'npm run simulate [-- --seed 42 --count 20000 --json FILE]';
const HALF_LIFE_MS = 24 * 3600_000;
const LEAVE_MS = 10_000;
const TICK_MS = 60_000;

function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) throw new Error(`--${name} is a whole number from 1 to 1000000\n${USAGE}`);
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seed: { type: 'string', default: '42' }, count: { type: 'string', default: '20000' }, json: { type: 'string' } } });
  const [seed, count] = [wholeNumber(values.seed, 'seed'), wholeNumber(values.count, 'count')];
  const submissions = generateWeek(seed, count);
  console.log(`${count.toLocaleString('en')} submissions of ${TEAMS.length} teams in a week, on ${DEVICES.length} GPUs\n`);
  const summaries = Object.entries(POLICIES).map(([policy, decide]): Summary => {
    const begun = performance.now();
    const result = simulate({ devices: DEVICES, teams: TEAMS, submissions, policy: decide, halfLifeMs: HALF_LIFE_MS, leaveMs: LEAVE_MS, tickMs: TICK_MS });
    return summarize(result, { policy, teams: TEAMS, deviceCount: DEVICES.length, seconds: (performance.now() - begun) / 1000 });
  });
  console.log(`${tableOf(summaries)}\n\nHow long 95% of a team's runs waited at most:\n\n${chartOf(summaries, TEAMS)}\n`);
  console.log(`simulated in ${summaries.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(1)} s`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ seed, count, summaries }, null, 2)}\n`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
