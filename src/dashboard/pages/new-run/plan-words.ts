// What a plan says, for people.
import type { Plan } from '../../api/types.js';
import { duration, several } from '../../lib/format.js';
import type { Planned } from './use-plan.js';

/** Of nothing that could be planned. */
export const NO_PLAN: Plan = {
  valid: false, problems: [], warnings: [], layers: [], parameterCount: 0, trainableParameterCount: 0, flops: 0, stepsPerEpoch: 0, totalSteps: 0, trainCount: 0, validationCount: 0,
  memory: { parametersBytes: 0, optimizerBytes: 0, gradientsBytes: 0, activationsBytes: 0, datasetBytes: 0, totalBytes: 0 },
};

/** Whether it waits for a box that is not there; one may join. */
export const fitsNoBox = ({ queue }: Plan): boolean => queue?.reason.code === 'too_large' || queue?.reason.code === 'no_box';

export interface Panel {
  state: 'broken' | 'unknown' | 'asking' | 'empty' | 'valid' | 'wrong';
  /** While it asks again the last answer stays: nothing flickers, and nothing is read out at each key. */
  shown: Panel['state'] | 'unfit';
  headline: string;
  /** What is told in full; null before the first answer. */
  plan: Plan | null;
}

/** `broken`: why the text cannot be asked about. `layers`: how many there are; null for no list of them. */
export function panelOf({ plan, current, error }: Planned, { broken, layers }: { broken: string | null; layers: number | null }): Panel {
  if (broken !== null) return { state: 'broken', shown: 'broken', headline: broken, plan: NO_PLAN };
  if (error !== undefined && !current) return { state: 'unknown', shown: 'unknown', headline: 'Could not be checked', plan: NO_PLAN };
  if (plan === null) return { state: 'asking', shown: 'asking', headline: 'Checking …', plan };
  // To have only begun is no mistake.
  if (layers === 0 && !plan.valid && plan.problems.every(({ pointer }) => pointer === '/model/layers')) return { state: current ? 'empty' : 'asking', shown: 'empty', headline: 'No layer yet', plan: NO_PLAN };
  const state = plan.valid ? 'valid' : 'wrong';
  const shown = plan.valid && fitsNoBox(plan) ? 'unfit' : state;
  return { state: current ? state : 'asking', shown, headline: { valid: 'Ready to train', unfit: 'It fits no box that there is', wrong: several(plan.problems.length, 'problem') }[shown], plan };
}

/** `31.4 MFLOP` */
export function operations(flops: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let unit = 0;
  for (; flops >= 1000 && unit < units.length - 1; unit += 1) flops /= 1000;
  return `${unit === 0 ? Math.round(flops) : flops.toFixed(1)} ${units[unit]}FLOP`;
}

/** How long until a moment; never less than nothing. */
export const timeTo = (iso: string, now: number): string => duration(Math.max(0, Date.parse(iso) - now));

const MOMENT_MS = 5000;

/** `at once`, `in a moment`, `in about 4 min 10 s` */
export function startWords(plan: Plan, now: number): string {
  if (!plan.valid) return '–';
  if (plan.queue === null || plan.queue === undefined) return 'nobody can say now';
  const { estimatedStart: { likely }, reason } = plan.queue;
  if (reason.code === 'starting') return 'at once';
  if (fitsNoBox(plan)) return 'never on the boxes there are';
  if (likely === null) return 'too far off to tell';
  return Date.parse(likely) - now < MOMENT_MS ? 'in a moment' : `in about ${timeTo(likely, now)}`;
}
