// `npm run simulate`: a generated week of a lab under the scheduler's policy and under others, side by side.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { POLICIES } from './policies.js';
import { chartOf, tableOf, type Summary } from './report.js';
import type { PolicyTask } from './policy-thread.js';
import { DEVICES, TEAMS } from './workload.js';

const USAGE = 'npm run simulate [-- --seed 42 --count 20000 --json FILE]';

function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) throw new Error(`--${name} is a whole number from 1 to 1000000\n${USAGE}`);
  return value;
}

/** On a core of its own, where there is one. */
function playApart(task: PolicyTask): Promise<Summary> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./policy-thread.js', import.meta.url), { workerData: task });
    thread.once('message', resolve);
    thread.once('error', reject);
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seed: { type: 'string', default: '42' }, count: { type: 'string', default: '20000' }, json: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help === true) return console.log(USAGE);
  const [seed, count] = [wholeNumber(values.seed, 'seed'), wholeNumber(values.count, 'count')];
  console.log(`${count.toLocaleString('en')} submissions of ${TEAMS.length} teams in a week, on ${DEVICES.length} GPUs\n`);
  const begun = performance.now();
  const summaries = await Promise.all(Object.keys(POLICIES).map((policy) => playApart({ policy, seed, count })));
  console.log(`${tableOf(summaries)}\n\nHow long 95% of a team's runs waited at most:\n\n${chartOf(summaries, TEAMS)}\n`);
  console.log(`simulated in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ seed, count, summaries }, null, 2)}\n`);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
