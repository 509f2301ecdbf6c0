// Nobody can stop a process of ours by not reading its log.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const TALKER = fileURLToPath(new URL('../../fixtures/log/talks-a-lot.js', import.meta.url));

for (const format of ['json', 'pretty']) {
  t.test(`a ${format} log whose reader is stuck does not block the process`, async (t) => {
    // Its pipe is open and never read.
    const child = fork(TALKER, [format], { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
    t.teardown(() => void child.kill('SIGKILL'));
    for (const beat of [1, 2, 3]) t.same((await once(child, 'message'))[0], 'alive', `beat ${beat}`);
  });
}
