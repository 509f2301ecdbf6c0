// What runs keep after their end: their states for a time, themselves for another; with the tag `keep`, all.
import type { Test } from 'tap';
import { RUN_STATES, hasEnded, isHeld, type RunState } from '../../src/portable/run-states.js';
import { until } from '../helpers/poll.js';
import { FAR, newRun, runIn, type CreateSubject } from './subject.js';

const hash = (letter: string) => letter.repeat(64);
const files = (path: string, letter: string) => [{ path, sha256: hash(letter), bytes: 10, contentType: '' }];

export async function retentionContract(t: Test, createSubject: CreateSubject): Promise<void> {
  const subject = await createSubject(t);
  const { retention, artifacts, runs } = subject;
  const team = await subject.newTeam();

  /** With two states and a model. */
  async function endedRun(spec: object, [first, second, model]: readonly [string, string, string]): Promise<string> {
    const { id } = await runIn(subject, 'finalizing', newRun(team, { spec }));
    const fence = { runId: id, attempt: 1 };
    for (const [step, letter] of [[1, first], [2, second]] as const) {
      await artifacts.addCheckpoint(fence, { kind: 'resume', epoch: 0, step, metrics: {}, path: `states/${step}`, files: files(`states/${step}`, letter) });
    }
    await artifacts.addCheckpoint(fence, { kind: 'final', epoch: 1, step: 2, metrics: {}, path: 'model', files: files('model/x', model) });
    await runs.change(id, { to: 'succeeded' });
    return id;
  }
  const endOf = async (id: string) => new Date((await runs.find(team, id))?.endedAt ?? NaN);
  const paths = async (id: string) => (await artifacts.list(id)).map(({ path }) => path);

  const id = await endedRun({}, ['1', '2', '3']);
  await until(async () => Date.now() > (await endOf(id)).getTime() + 1, { what: 'the clock to go on', everyMs: 1 });
  const later = await endedRun({}, ['4', '5', '3']);
  const { run: fork } = await runs.create(newRun(team, { fork: { runId: later, step: 1, path: 'states/1' } }));
  const kept = await endedRun({ tags: ['a', 'keep'] }, ['6', '7', '8']);
  const others = new Map<string, RunState>();
  for (const state of RUN_STATES.filter((state) => !hasEnded(state))) {
    const run = await runIn(subject, state, newRun(team));
    others.set(run.id, state);
    if (!isHeld(state)) continue;
    await artifacts.addCheckpoint({ runId: run.id, attempt: 1 }, { kind: 'resume', epoch: 0, step: 1, metrics: {}, path: 'states/1', files: files('states/1', '9') });
  }

  await t.test('training states go when a run has ended long ago', async (t) => {
    t.strictSame(await retention.dropStates(await endOf(id)), [], 'not at once');
    t.strictSame((await retention.dropStates(await endOf(later))).sort(), [hash('1'), hash('2')], 'those of the run that ended before');
    t.strictSame(await artifacts.resumeCheckpoints(id), [], 'it has no more');
    t.strictSame(await paths(id), ['model/x'], 'its model stays');
    t.strictSame(await paths(later), ['model/x', 'states/1', 'states/2'], 'the later run has its own');
    t.strictSame((await retention.dropStates(FAR)).sort(), [hash('4'), hash('5')], 'until it is as old');
    t.strictSame(await retention.dropStates(FAR), [], 'no more are left');
    t.strictSame(await paths(kept), ['model/x', 'states/1', 'states/2'], 'but those that are to be kept');
    for (const [other, state] of others) if (isHeld(state)) t.match(await artifacts.resumeCheckpoints(other), { length: 1 }, `and that of a ${state} run`);
  });

  await t.test('so does the state that a fork started from', async (t) => {
    t.strictSame(await paths(fork.id), ['start/state.safetensors'], 'while it may still start it is there');
    await runs.change(fork.id, { to: 'cancelled' });
    t.strictSame(await retention.dropStates(FAR), [hash('4')]);
    t.strictSame(await paths(fork.id), []);
  });

  await t.test('then the runs themselves go, the oldest first', async (t) => {
    t.equal(await retention.deleteRun(await endOf(id)), null, 'not at once');
    t.strictSame(await retention.deleteRun(FAR), { id, name: 'a run', hashes: [hash('3')] }, 'one at a time');
    t.match(await retention.deleteRun(FAR), { id: later, hashes: [hash('3')] });
    t.match(await retention.deleteRun(FAR), { id: fork.id, hashes: [] });
    t.equal(await retention.deleteRun(FAR), null, 'no more are left');
    t.equal(await runs.find(team, id), null, 'they are gone');
    t.strictSame(await artifacts.list(id), [], 'with their files');
    t.match(await runs.find(team, kept), { tags: ['a', 'keep'] }, 'but the one that is to be kept');
    for (const [other, state] of others) t.match(await runs.find(team, other), { state }, `and a ${state} run`);
  });
}
