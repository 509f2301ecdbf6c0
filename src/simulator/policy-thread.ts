// One policy through the week, beside the others.
import { parentPort, workerData } from 'node:worker_threads';
import { POLICIES } from './policies.js';
import { summarize, type Summary } from './report.js';
import { simulate } from './simulate.js';
import { DEVICES, generateWeek, TEAMS } from './workload.js';

export interface PolicyTask {
  policy: string;
  seed: number;
  count: number;
}

const HALF_LIFE_MS = 24 * 3600_000;
const LEAVE_MS = 10_000;
const TICK_MS = 60_000;

function play({ policy, seed, count }: PolicyTask): Summary {
  const begun = performance.now();
  const decide = POLICIES[policy];
  if (decide === undefined) throw new Error(`there is no policy ${policy}`);
  const result = simulate({ devices: DEVICES, teams: TEAMS, submissions: generateWeek(seed, count), policy: decide, halfLifeMs: HALF_LIFE_MS, leaveMs: LEAVE_MS, tickMs: TICK_MS });
  return summarize(result, { policy, teams: TEAMS, deviceCount: DEVICES.length, seconds: (performance.now() - begun) / 1000 });
}

parentPort?.postMessage(play(workerData as PolicyTask));
