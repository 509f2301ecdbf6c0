// Trainers that can neither speak nor listen: they do not stay, and neither do their runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { until } from '../../helpers/poll.js';
import { processTree } from '../../helpers/processes.js';
import { box } from './harness.js';

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

t.test('a frozen trainer is noticed and killed, and its run is started again', async (t) => {
  const { submit, supervise, reaches, runs, teamId } = await box(t);
  await supervise('waits', { silenceMs: 5_000 });
  const { id } = await submit();
  await reaches(id, ['running']);
  const frozen = processTree(process.pid).find(({ name }) => name.includes('trainers/waits.js'));
  process.kill(frozen!.pid, 'SIGSTOP');
  const run = await until(async () => {
    const run = await runs.get(teamId, id);
    return run.attempt === 2 && run.state === 'running' ? run : null;
  }, { what: 'the second attempt', deadlineMs: 30_000 });
  t.match(run.transitions.findLast(({ state }) => state === 'queued'), { reason: 'trainer_lost', message: 'the trainer was frozen: it gave no sign of life for 5 s and was killed; queued again' });
  t.notOk(isThere(frozen!.pid), 'the frozen process is gone');
});

t.test('a trainer that cannot see that its supervisor was killed ends all the same', async (t) => {
  for (const why of ['busy', 'frozen']) {
    const supervisor = spawn(process.execPath, [fileURLToPath(new URL('../../fixtures/doomed-supervisor.js', import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(supervisor.stdout, 'data')) as [Buffer];
    const pid = Number(line);
    t.ok(isThere(pid), 'it computes');
    if (why === 'frozen') process.kill(pid, 'SIGSTOP');
    supervisor.kill('SIGKILL');
    await until(() => !isThere(pid), { what: `the trainer to go that was ${why}` });
  }
});
