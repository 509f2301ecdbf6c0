// Lists of runs over HTTP, in the ways in which people and dashboards ask for them.
import type { RunPage } from '../../src/schemas/run.js';
import { call } from '../helpers/client.js';

/** A run of so many has this tag, and its name ends with it. */
export const RARE = 'rare';

export interface ListTimes {
  what: string;
  /** ms, one for each request. */
  times: number[];
}

async function page(address: string, query: string): Promise<RunPage> {
  const { status, body } = await call<RunPage>(address, `/v1/runs?${query}`);
  if (status !== 200) throw new Error(`the list answered ${status} for ${query}`);
  return body;
}

/** The cursor after about half of the runs. */
async function halfway(address: string, total: number): Promise<string> {
  let cursor = '';
  for (let seen = 0; seen < total / 2; seen += 200) cursor = (await page(address, `limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`)).nextCursor ?? '';
  return cursor;
}

export async function measureLists(address: string, { total, requests }: { total: number; requests: number }): Promise<ListTimes[]> {
  const cursor = await halfway(address, total);
  const queries: Record<string, string> = {
    'first page': '',
    'a page halfway': `cursor=${cursor}`,
    'first page of 200': 'limit=200',
    'by state': 'state=queued',
    'by a state that none is in': 'state=running,finalizing',
    'by a tag that all have': 'tag=bench',
    'by a rare tag': `tag=${RARE}`,
    'by a part of all names': 'name=run',
    'by a part of rare names': `name=${RARE}`,
    'by a name that none has': 'name=nobody',
    'by state, tag and name, halfway': `state=queued&tag=bench&name=${RARE}&cursor=${cursor}`,
    'oldest first': 'order=oldest',
  };
  const lists = Object.entries(queries).map(([what, query]): ListTimes & { query: string } => ({ what, query, times: [] }));
  for (let request = 0; request < requests; request += 1) {
    for (const { query, times } of lists) {
      const begun = performance.now();
      await page(address, query);
      times.push(performance.now() - begun);
    }
  }
  return lists.map(({ what, times }) => ({ what, times }));
}
