// Leases and sweeps: who holds a run, and whose holder has gone.
import type { Test } from 'tap';
import { RUN_STATES } from '../../src/portable/run-states.js';
import { FAR, newRun, runIn, type CreateSubject } from './subject.js';

const later = (ms: number) => new Date(FAR.getTime() + ms);

export async function leaseContract(t: Test, createSubject: CreateSubject): Promise<void> {
  const subject = await createSubject(t);
  const { runs } = subject;

  await t.test('only its owner renews a lease, and only while the run is held', async (t) => {
    const team = await subject.newTeam();
    for (const state of RUN_STATES) {
      const { id } = await runIn(subject, state, newRun(team));
      const held = ['starting', 'running', 'finalizing', 'pausing', 'cancelling'].includes(state);
      t.strictSame([...(await runs.renewLeases('another box', [id], later(1)))], [], `no other box renews a ${state} run`);
      t.strictSame([...(await runs.renewLeases('box', [id], later(1)))], held ? [[id, { state, leaving: null }]] : [], held ? `its box renews a ${state} run` : `nobody renews a ${state} run`);
    }
    const [a, b] = [await runIn(subject, 'running', newRun(team)), await runIn(subject, 'cancelling', newRun(team))];
    t.strictSame(await runs.renewLeases('box', [a.id, '01890000-0000-7000-8000-ffffffffffff', b.id], FAR), new Map([[a.id, { state: 'running', leaving: null }], [b.id, { state: 'cancelling', leaving: null }]]), 'each with its state');
    t.strictSame(await runs.renewLeases('box', [], FAR), new Map(), 'nothing asked, nothing held');
  });

  await t.test('a lease has expired when its time is over, and not at it', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'running', newRun(team));
    const expiredAt = async (now: Date) => (await runs.findExpired(now)).filter((run) => run.id === id);
    await runs.renewLeases('box', [id], later(1000));
    t.strictSame(await expiredAt(later(999)), [], 'before its time it holds');
    t.strictSame(await expiredAt(later(1000)), [], 'at its time it still holds');
    t.strictSame(await expiredAt(later(1001)), [{ id, attempt: 1, state: 'running' }], 'after its time it has expired');
    await runs.renewLeases('another box', [id], later(5000));
    t.match(await expiredAt(later(1001)), { length: 1 }, 'a stranger does not prolong it');
    await runs.renewLeases('box', [id], later(5000));
    t.strictSame(await expiredAt(later(1001)), [], 'its owner does');
  });

  await t.test('a run whose lease was renewed in time is not taken for lost', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'running', newRun(team));
    await runs.renewLeases('box', [id], later(1000));
    t.equal(await runs.change(id, { to: 'lost', expiredBefore: later(1000) }), null, 'not yet');
    t.match(await runs.change(id, { to: 'lost', expiredBefore: later(1001) }), { run: { state: 'lost' } }, 'after its time it is');
    const waiting = await runIn(subject, 'queued', newRun(team));
    t.equal(await runs.change(waiting.id, { to: 'cancelled', expiredBefore: later(1) }), null, 'what has no lease has none that ran out');
  });

  await t.test('held runs expire, lost ones have expired, others cannot', async (t) => {
    const team = await subject.newTeam();
    for (const state of RUN_STATES) {
      const { id } = await runIn(subject, state, newRun(team));
      const found = async (now: Date) => (await runs.findExpired(now)).some((run) => run.id === id);
      const held = ['starting', 'running', 'finalizing', 'pausing', 'cancelling'].includes(state);
      t.equal(await found(new Date(0)), state === 'lost', state === 'lost' ? 'a lost run is found at any time' : `a ${state} run is not found early`);
      t.equal(await found(later(1)), held || state === 'lost', `a ${state} run ${held || state === 'lost' ? 'is' : 'is not'} found late`);
    }
  });

  await t.test('a run that is handed back takes no lease along', async (t) => {
    const team = await subject.newTeam();
    const { id } = await runIn(subject, 'running', newRun(team));
    await runs.change(id, { to: 'queued' });
    await runs.change(id, { to: 'starting', set: { attempt: 2 } });
    t.strictSame(await runs.renewLeases('box', [id], FAR), new Map(), 'its old box has nothing to renew');
    t.notOk((await runs.findExpired(later(1))).some((run) => run.id === id), 'and nothing expires');
  });
}
