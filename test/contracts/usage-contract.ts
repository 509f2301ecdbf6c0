// What the index and the database say of their own size.
import type { Test } from 'tap';
import type { CheckpointKind } from '../../src/artifacts/artifact-repository.js';
import { newRun, runIn, type CreateSubject } from './subject.js';

const hash = (letter: string) => letter.repeat(64);

export async function usageContract(t: Test, createSubject: CreateSubject): Promise<void> {
  const subject = await createSubject(t);
  const { usage, artifacts } = subject;
  const team = await subject.newTeam();

  /** Files by the letter of their hash, with their sizes. */
  async function runWith(name: string, { model = {}, states = {} }: { model?: Record<string, number>; states?: Record<string, number> }, teamId = team): Promise<string> {
    const { id } = await runIn(subject, 'finalizing', newRun(teamId, { name }));
    const keep = (kind: CheckpointKind, path: string, files: { path: string; letter: string; bytes: number }[]) =>
      artifacts.addCheckpoint({ runId: id, attempt: 1 }, { kind, path, epoch: 1, step: 1, metrics: {}, files: files.map(({ letter, ...file }) => ({ ...file, sha256: hash(letter), contentType: '' })) });
    const twice = Object.entries(model).flatMap(([letter, bytes]) => [`model/${letter}`, `model/again/${letter}`].map((path) => ({ path, letter, bytes })));
    if (twice.length > 0) await keep('final', 'model', twice);
    for (const [letter, bytes] of Object.entries(states)) await keep('resume', `states/${letter}`, [{ path: `states/${letter}`, letter, bytes }]);
    return id;
  }

  t.strictSame(await usage.kinds(), new Map(), 'at first there is nothing');
  t.strictSame(await usage.largestRuns(team, 10), []);
  const small = await runWith('small', { model: { a: 10, b: 100 }, states: { c: 20 } });
  const large = await runWith('large', { model: { a: 10, d: 6e9 }, states: { c: 20, e: 5 } });
  await runWith('empty', {});
  const other = await subject.newTeam();
  const odd = await runWith("another team's", { states: { b: 100 } }, other);

  t.strictSame(
    [...(await usage.kinds())].sort(([a], [b]) => (a < b ? -1 : 1)),
    [[hash('a'), 'models'], [hash('b'), 'models'], [hash('c'), 'trainingStates'], [hash('d'), 'models'], [hash('e'), 'trainingStates']],
    'a file is a state where it is nothing else',
  );
  const [first, second] = [{ id: large, name: 'large', state: 'finalizing', ownBytes: 6e9 + 5, sharedBytes: 30 }, { id: small, name: 'small', state: 'finalizing', ownBytes: 0, sharedBytes: 130 }];
  t.strictSame(await usage.largestRuns(team, 10), [first, second], 'the largest first, each file once, by who else has it');
  t.strictSame(await usage.largestRuns(team, 1), [first], 'as many as are asked for');
  t.match(await usage.largestRuns(other, 10), [{ id: odd, ownBytes: 0, sharedBytes: 100 }], 'a team has its own');

  const { run: fork } = await subject.runs.create(newRun(team, { name: 'fork', fork: { runId: large, step: 1, path: 'states/e' } }));
  t.equal((await usage.kinds()).get(hash('e')), 'trainingStates', 'what a fork starts from is a state');
  t.match((await usage.largestRuns(team, 10)).at(-1), { id: fork.id, ownBytes: 0, sharedBytes: 5 });

  const { totalBytes, eventBytes, curveBytes } = await usage.databaseSize();
  t.ok(eventBytes > 0 && curveBytes > 0 && totalBytes >= eventBytes + curveBytes, 'the parts are not more than the whole');
}
