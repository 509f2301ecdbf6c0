// Files of runs: kept by the attempt that holds the run, shared by their bytes, freed after the last use.
import type { Test } from 'tap';
import { FencedError } from '../../src/live/event-log.js';
import type { NewCheckpoint } from '../../src/artifacts/artifact-repository.js';
import { RUN_STATES, isHeld } from '../../src/portable/run-states.js';
import { until } from '../helpers/poll.js';
import { newRun, runIn, type CreateSubject } from './subject.js';

const hash = (letter: string) => letter.repeat(64);
const file = (path: string, letter: string, bytes = 10) => ({ path, sha256: hash(letter), bytes, contentType: 'application/octet-stream' });
const checkpoint = (...files: NewCheckpoint['files']): NewCheckpoint => ({ kind: 'final', epoch: 1, step: 10, metrics: { loss: NaN, accuracy: 0.5 }, path: 'model', files });

export async function artifactContract(t: Test, createSubject: CreateSubject): Promise<void> {
  const subject = await createSubject(t);
  const { artifacts, runs } = subject;
  const team = await subject.newTeam();

  await t.test('files are listed by path and found one by one', async (t) => {
    const { id } = await runIn(subject, 'finalizing', newRun(team));
    t.strictSame(await artifacts.list(id), [], 'a new run has no files');
    await artifacts.addCheckpoint({ runId: id, attempt: 1 }, checkpoint(file('model/weights.bin', 'b', 5e9), file('model/model.json', 'a')));
    const listed = await artifacts.list(id);
    t.strictSame(listed.map(({ createdAt: _, ...rest }) => rest), [file('model/model.json', 'a'), file('model/weights.bin', 'b', 5e9)], 'by path, as they were stored');
    t.ok(listed.every(({ createdAt }) => Math.abs(createdAt.getTime() - Date.now()) < 60_000), 'made now');
    t.strictSame(await artifacts.find(id, 'model/model.json'), listed[0], 'one by its path');
    for (const path of ['model', 'model/', 'MODEL/model.json', '', 'model/model.json\u0000']) t.equal(await artifacts.find(id, path), null, `"${path}" is no file`);
    t.equal(await artifacts.find('01890000-0000-7000-8000-ffffffffffff', 'model/model.json'), null, 'nor has another run the file');
  });

  await t.test('a run says which epoch its model is of', async (t) => {
    const { id } = await runIn(subject, 'finalizing', newRun(team));
    const keptEpoch = async () => (await runs.find(team, id))?.keptEpoch;
    t.equal(await keptEpoch(), null, 'none while there is no model');
    await artifacts.addCheckpoint({ runId: id, attempt: 1 }, { ...checkpoint(file('states/1', 'b')), kind: 'resume', epoch: 5, path: 'states/1' });
    t.equal(await keptEpoch(), null, 'a state of training is none');
    await artifacts.addCheckpoint({ runId: id, attempt: 1 }, { ...checkpoint(file('model/model.json', 'a')), epoch: 3 });
    t.equal(await keptEpoch(), 3);
    await runs.change(id, { to: 'succeeded', attempt: 1, set: { bestEpoch: 2 } });
    t.equal(await keptEpoch(), 3, 'which need not be the best');
    await artifacts.removeFiles(id, 'model');
    t.equal(await keptEpoch(), null, 'nor when it was deleted');
  });

  await t.test('only the attempt that holds the run keeps files', async (t) => {
    for (const state of RUN_STATES) {
      const { id, attempt } = await runIn(subject, state, newRun(team));
      const held = isHeld(state);
      for (const other of [attempt - 1, attempt + 1, ...(held ? [] : [attempt])]) {
        await t.rejects(artifacts.addCheckpoint({ runId: id, attempt: other }, checkpoint(file('model/old', 'c'))), FencedError, `attempt ${other} of a ${state} run is fenced off`);
      }
      t.strictSame(await artifacts.list(id), [], 'and kept nothing');
      if (!held) continue;
      await artifacts.addCheckpoint({ runId: id, attempt }, checkpoint(file('model/new', 'c')));
      t.match(await artifacts.list(id), [{ path: 'model/new' }], `attempt ${attempt} of a ${state} run keeps its files`);
    }
    await t.rejects(artifacts.addCheckpoint({ runId: '01890000-0000-7000-8000-ffffffffffff', attempt: 1 }, checkpoint()), FencedError);
  });

  await t.test('a file that is kept again is the new one', async (t) => {
    const { id } = await runIn(subject, 'running', newRun(team));
    await artifacts.addCheckpoint({ runId: id, attempt: 1 }, checkpoint(file('model/model.json', 'd')));
    const first = await artifacts.find(id, 'model/model.json');
    await until(() => Date.now() > (first?.createdAt.getTime() ?? Infinity) + 1, { what: 'the clock to go on', everyMs: 1 });
    await artifacts.addCheckpoint({ runId: id, attempt: 1 }, checkpoint(file('model/model.json', 'e', 11)));
    const second = await artifacts.find(id, 'model/model.json');
    t.match(second, { sha256: hash('e'), bytes: 11 }, 'its bytes are the later ones');
    t.ok((second?.createdAt ?? 0) > (first?.createdAt ?? 0), 'with its own time');
    t.strictSame(await artifacts.unreferenced([hash('d'), hash('e')]), [hash('d')], 'what it replaced is free');
  });

  await t.test('training states come latest first, and go one by one', async (t) => {
    const { id } = await runIn(subject, 'running', newRun(team));
    const state = (step: number, letter: string): NewCheckpoint => ({ kind: 'resume', epoch: step, step, metrics: { loss: step === 2 ? NaN : step }, path: `states/${step}`, files: [file(`states/${step}`, letter)] });
    t.strictSame(await artifacts.resumeCheckpoints(id), [], 'a new run has none');
    for (const [step, letter] of [[1, '3'], [10, '4'], [2, '5']] as const) t.strictSame(await artifacts.addCheckpoint({ runId: id, attempt: 1 }, state(step, letter)), [], `step ${step} replaces nothing`);
    await artifacts.addCheckpoint({ runId: id, attempt: 1 }, checkpoint(file('model/x', '6')));
    t.strictSame(
      await artifacts.resumeCheckpoints(id),
      [{ step: 10, loss: 10, letter: '4' }, { step: 2, loss: 'NaN', letter: '5' }, { step: 1, loss: 1, letter: '3' }].map(({ step, loss, letter }) => ({ path: `states/${step}`, sha256: hash(letter), step, epoch: step, metrics: { loss } })),
      'a model is none',
    );
    t.strictSame(await artifacts.addCheckpoint({ runId: id, attempt: 1 }, state(10, '7')), [hash('4')], 'one that comes again names the bytes that it replaced');
    t.strictSame(await artifacts.addCheckpoint({ runId: id, attempt: 1 }, state(10, '7')), [], 'unless they are the same');
    t.match(await artifacts.resumeCheckpoints(id), { length: 3 }, 'and is there once');
    t.strictSame((await artifacts.removeCheckpoints(id, ['states/1', 'states/2', 'states/99'])).sort(), [hash('3'), hash('5')], 'what is removed names its bytes');
    t.match(await artifacts.resumeCheckpoints(id), [{ step: 10 }], 'the other stays');
    t.strictSame((await artifacts.list(id)).map(({ path }) => path), ['model/x', 'states/10'], 'the files went as well');
  });

  await t.test('files of a run that has ended are removed one by one, or a folder at once', async (t) => {
    const { id } = await runIn(subject, 'finalizing', newRun(team));
    for (const step of [1, 2]) {
      await artifacts.addCheckpoint({ runId: id, attempt: 1 }, { kind: 'resume', epoch: step, step, metrics: {}, path: `states/${step}`, files: [file(`states/${step}`, String(step))] });
    }
    await artifacts.addCheckpoint({ runId: id, attempt: 1 }, checkpoint(file('model/a_b', 'a'), file('model/deep/c', 'c'), file('models', 'd')));
    const paths = async () => (await artifacts.list(id)).map(({ path }) => path);
    const all = await paths();
    t.equal(await artifacts.removeFiles(id, 'model'), null, 'of a run that may go on nothing is removed');
    t.strictSame(await paths(), all);
    await runs.change(id, { to: 'succeeded' });
    for (const path of ['', '/', 'mod', 'model/', 'model/axb', 'model/a%', 'states/10', 'nul\u0000']) t.strictSame(await artifacts.removeFiles(id, path), [], `"${path}" is none of its files`);
    t.strictSame(await paths(), all);
    t.strictSame(await artifacts.removeFiles(id, 'states/1'), [hash('1')], 'one file');
    t.match(await artifacts.resumeCheckpoints(id), [{ step: 2 }], 'its state went with it, the other stays');
    t.strictSame((await artifacts.removeFiles(id, 'model'))?.sort(), [hash('a'), hash('c')], 'a folder, with what is deep in it');
    t.strictSame(await paths(), ['models', 'states/2'], 'what only begins like it stays');
    t.strictSame(await artifacts.removeFiles(id, 'states'), [hash('2')], 'the folder of all states');
    t.strictSame(await artifacts.resumeCheckpoints(id), [], 'and none is left');
    t.equal(await artifacts.removeFiles('01890000-0000-7000-8000-ffffffffffff', 'model'), null, 'a run that is not there');
  });

  await t.test('bytes that two runs share are free when the last has gone', async (t) => {
    const [a, b] = [await runIn(subject, 'finalizing', newRun(team)), await runIn(subject, 'finalizing', newRun(team))];
    await artifacts.addCheckpoint({ runId: a.id, attempt: 1 }, checkpoint(file('model/x', '1'), file('model/y', '2')));
    await artifacts.addCheckpoint({ runId: b.id, attempt: 1 }, checkpoint(file('model/x', '1')));
    t.strictSame(await artifacts.unreferenced([hash('1'), hash('2'), hash('9'), hash('9')]), [hash('9')], 'each free hash once');
    await runs.change(a.id, { to: 'succeeded' });
    await runs.delete(team, a.id);
    t.strictSame(await artifacts.unreferenced([hash('1'), hash('2')]), [hash('2')], 'the other run still needs them');
    t.strictSame(await artifacts.list(a.id), [], 'its files went with it');
    t.match(await artifacts.list(b.id), { length: 1 }, "the other's stay");
    await runs.change(b.id, { to: 'failed' });
    await runs.delete(team, b.id);
    t.strictSame(await artifacts.unreferenced([hash('1'), hash('2')]), [hash('1'), hash('2')], 'now nobody needs them');
    t.strictSame(await artifacts.unreferenced([]), [], 'nothing asked, nothing free');
  });

  await t.test('bytes are freed that nobody refers to, and nobody comes to refer to them meanwhile', async (t) => {
    const { id } = await runIn(subject, 'finalizing', newRun(team));
    await artifacts.addCheckpoint({ runId: id, attempt: 1 }, checkpoint(file('model/x', '8')));
    const freed: string[] = [];
    let adding: Promise<unknown> = Promise.resolve();
    await artifacts.free([hash('8'), hash('f'), hash('f')], async (sha256) => {
      adding = artifacts.addCheckpoint({ runId: id, attempt: 1 }, { ...checkpoint(file('other/y', 'f')), path: 'other' });
      // As many chances as it needs to come first.
      for (let looks = 0; looks < 10; looks += 1) if ((await artifacts.list(id)).length > 1) freed.push('too late');
      freed.push(sha256);
    });
    await adding;
    t.strictSame(freed, [hash('f')], 'what is in use stays; who adds the rest waits until it is gone');
    t.match(await artifacts.list(id), [{ path: 'model/x' }, { path: 'other/y' }], 'and then it is added');
    await artifacts.free([hash('f')], async (sha256) => void freed.push(sha256));
    t.strictSame(freed, [hash('f')], 'now it is in use');
    await t.rejects(artifacts.free([hash('0')], async () => Promise.reject(new Error('the disk'))), { message: 'the disk' }, 'a fault is told');
    await artifacts.free([hash('0')], async (sha256) => void freed.push(sha256));
    t.strictSame(freed, [hash('f'), hash('0')], 'and does not stand in the way of the next one');
  });
}
