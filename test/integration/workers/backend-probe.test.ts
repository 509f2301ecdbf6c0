// Backends are loaded in a process of their own, which may print, crash and hang as it likes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createBackendProbe } from '../../../workers/backend-probe.js';

/** A probe whose child runs these lines. */
function probeOf(t: Test, lines: string, patienceMs = 60_000) {
  const module = join(t.testdir(), 'probe.mjs');
  writeFileSync(module, lines);
  return createBackendProbe({ module, patienceMs });
}
const never = () => new AbortController().signal;

t.test('what works on this machine', async (t) => {
  t.match(await createBackendProbe()(never()), [{ backend: 'tensorflow' }, { backend: 'webgpu' }, { backend: 'wasm', available: true, device: 'cpu' }, { backend: 'cpu', available: true }]);
});

t.test('what a backend prints is not the answer', async (t) => {
  t.same(await probeOf(t, 'process.stdout.write("loading a library\\nwithout a line\'s end"); process.stdout.write("\\n[]\\n");')(never()), []);
});

t.test('one that crashes leaves its last words', async (t) => {
  await t.rejects(probeOf(t, 'console.error("no driver"); process.exit(3);')(never()), { message: /could not be probed: .* ended with 3: no driver/ });
});

t.test('one that hangs, and whose output is held open beyond its death, keeps nobody waiting', async (t) => {
  const lines = 'import { spawn } from "node:child_process"; spawn("sleep", ["5"], { detached: true, stdio: "inherit" }); setInterval(() => {}, 1000);';
  await t.rejects(probeOf(t, lines, 1_000)(never()), { message: /gave no answer within 1000 ms/ });
});

t.test('a supervisor that stops does not wait for one', async (t) => {
  const stopping = new AbortController();
  const probed = probeOf(t, 'setInterval(() => {}, 1000);')(stopping.signal);
  stopping.abort();
  await t.rejects(probed, { message: /ended with SIGKILL/ });
});
