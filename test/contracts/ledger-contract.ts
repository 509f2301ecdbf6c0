// Which uses of devices a ledger is made of.
import type { Test } from 'tap';
import type { UseQuery } from '../../src/ledger/repository.js';
import type { DeviceUse } from '../../src/ledger/split.js';
import { at, runIdOf, TEAMS, use } from '../fixtures/device-uses.js';
import type { CreateSubject } from './subject.js';

export async function ledgerContract(t: Test, createSubject: CreateSubject): Promise<void> {
  const { ledger, addUse } = await createSubject(t);
  const vision = { teamId: TEAMS.vision, team: 'vision' };
  const between = (from: number, to: number) => ({ from: at(from).getTime(), to: at(to).getTime() });
  async function list(query: UseQuery): Promise<DeviceUse[][]> {
    const runs = [];
    for await (const uses of ledger.listUses(query)) runs.push(uses);
    return runs;
  }
  const listIds = async (query: UseQuery) => (await list(query)).map((uses) => uses.map(({ runId, attempt }) => [Number(runId.slice(-4)), attempt]));

  t.strictSame(await list(between(-1e6, 1e6)), [], 'at first there is nothing');
  t.equal(await ledger.knowsTeam('vision'), false);
  const first = use({ runId: runIdOf(1), attempt: 1, queued: -10, start: 0, running: 1, end: 10, steps: [0, 90], endedAs: 'lost', share: 0.25, box: 'a', user: null });
  const second = use({ runId: runIdOf(1), attempt: 2, queued: 10, start: 20, running: 21, end: 30, steps: [50, 140], endedAs: 'succeeded', bestStep: 140 });
  const open = use({ runId: runIdOf(2), start: 25, deviceKind: 'cpu', ...vision });
  for (const one of [second, open, first]) await addUse(one);

  t.strictSame(await list(between(-1e6, 1e6)), [[open], [first, second]], 'all of each, the newest run first, by attempt');
  t.strictSame(await listIds(between(0, 5)), [[[1, 1], [1, 2]]], 'all attempts of a run, if one of them was there: they tell what it lost');
  t.strictSame(await listIds(between(29, 1e6)), [[[2, 1]], [[1, 1], [1, 2]]]);
  t.strictSame(await listIds({ ...between(-1e6, 1e6), deviceKind: 'gpu' }), [[[1, 1], [1, 2]]], 'on devices of a kind');
  t.strictSame(await listIds(between(30, 1e6)), [[[2, 1]]], 'what ended when it begins is not of a period');
  t.strictSame(await listIds(between(-1e6, -10)), [], 'nor what begins when it ends');
  t.strictSame(await listIds(between(-1e6, -9)), [[[1, 1], [1, 2]]], 'waiting is');
  t.strictSame(await listIds({ ...between(-1e6, 1e6), team: { id: TEAMS.vision } }), [[[2, 1]]], 'of a team');
  t.strictSame(await listIds({ ...between(-1e6, 1e6), team: { name: 'default' } }), [[[1, 1], [1, 2]]], 'or by its name');
  t.strictSame(await listIds({ ...between(-1e6, 1e6), team: { name: 'others' } }), []);
  t.equal(await ledger.knowsTeam('vision'), true, 'a team that has used something is known, even if it is gone');
  t.equal(await ledger.knowsTeam('others'), false);

  for (let number = 3; number <= 12; number += 1) await addUse(use({ runId: runIdOf(number), start: 0, end: 1 }));
  t.equal((await list(between(-1e6, 1e6))).length, 12, 'however many there are');
  const runs = async (query: UseQuery) => (await listIds(query)).map((uses) => uses[0]![0]);
  t.strictSame(await runs({ ...between(-1e6, 1e6), limit: 5 }), [12, 11, 10, 9, 8], 'or so many of them');
  t.strictSame(await runs({ ...between(-1e6, 1e6), limit: 5, after: runIdOf(5) }), [4, 3, 2, 1], 'and then those that follow');
}
