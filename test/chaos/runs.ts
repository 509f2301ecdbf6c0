// What a client of the service does with runs, and goes on doing until it is answered.
import type { Run, RunPage } from '../../src/schemas/run.js';
import { until } from '../helpers/poll.js';
import { ask, get } from './ask.js';
import { SPECS, type SpecName } from './specs.js';

const DEADLINE_MS = 60_000;
export const ENDED: readonly string[] = ['succeeded', 'failed', 'cancelled'];

/** Submits a run of a spec once, however often it has to ask. */
export async function submit(address: string, spec: SpecName, name: string): Promise<Run> {
  return until(async () => {
    const { status, body } = await ask<Run>(address, '/v1/runs', { json: { ...SPECS[spec], name }, headers: { 'idempotency-key': name } });
    // 409: an earlier try, of which nothing was heard, is still under way.
    if (status !== 202 && status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body;
  }, { what: `run ${name} to be taken`, deadlineMs: DEADLINE_MS, everyMs: 100 });
}

/** Its row once it is there. */
export const find = (address: string, id: string) => get<Run>(address, `/v1/runs/${id}`);

/** The run once it has ended. */
export async function endOf(address: string, id: string): Promise<Run> {
  return until(async () => {
    const run = await find(address, id);
    return ENDED.includes(run.state) ? run : null;
  }, { what: `run ${id} to end`, deadlineMs: DEADLINE_MS, everyMs: 250 });
}

/** Lets a run that has failed go on, to its end. */
export async function resume(address: string, id: string): Promise<Run> {
  const { status, body } = await ask<Run>(address, `/v1/runs/${id}/resume`, { method: 'POST' });
  if (status !== 202) throw new Error(`the resumption of run ${id} was answered ${status}: ${JSON.stringify(body)}`);
  return endOf(address, id);
}

/** How many runs there are whose names begin so. */
export async function countRuns(address: string, prefix: string): Promise<number> {
  const { items } = await get<RunPage>(address, `/v1/runs?limit=200&name=${encodeURIComponent(prefix)}`);
  return items.filter(({ name }) => name.startsWith(prefix)).length;
}

export async function remove(address: string, id: string): Promise<void> {
  const { status, body } = await ask(address, `/v1/runs/${id}`, { method: 'DELETE' });
  if (status !== 204) throw new Error(`run ${id} could not be deleted: ${status} ${JSON.stringify(body)}`);
}
