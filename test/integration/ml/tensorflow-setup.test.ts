// `npm run setup:tensorflow`, as far as it goes without a TensorFlow: each cause of failure is named, with a way on.
import t, { type Test } from 'tap';
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tensorflowAddonPath } from '../../../src/ml/engines/eager/backend-tensorflow.js';

const PROGRAM = fileURLToPath(new URL('../../../src/setup/tensorflow.js', import.meta.url));

function setup(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** A Python that does what a shell script says. */
function python(t: Test, script: string): string {
  const path = join(t.testdir(), 'python with a space');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

t.test('a word on its use', async (t) => {
  t.match(setup('--help'), { status: 0, stdout: /Usage: npm run setup:tensorflow/ }, 'on request');
  t.match(setup('--pyton', 'x'), { status: 2, stderr: /Unknown option '--pyton'[^]*Usage/ }, 'for a misspelt option');
  t.match(setup('--download', '--python', 'x'), { status: 2, stderr: /exclude each other/ }, 'for two ways at once');
});

/** npm 10 runs the optional package's own script, and leaves the package out where its download fails. */
function whyNot(): string | false {
  try {
    tensorflowAddonPath();
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

t.test('what a Python may lack', { skip: whyNot() }, async (t) => {
  t.match(setup('--python', '/nowhere/python'), { status: 1, stderr: /There is no Python at "\/nowhere\/python"[^]*--download/ }, 'itself');
  t.match(
    setup('--python', python(t, `echo "ModuleNotFoundError: No module named 'tensorflow'" >&2; exit 1`)),
    { status: 1, stderr: /has no TensorFlow[^]*pip install tensorflow/ },
    'TensorFlow',
  );
  t.match(
    setup('--python', python(t, 'echo "ImportError: libcudart.so.12: cannot open shared object file" >&2; exit 1')),
    { status: 1, stderr: /cannot import TensorFlow:\n.*libcudart/ },
    'a library of TensorFlow',
  );
  t.match(setup('--python', python(t, 'echo hello')), { status: 1, stderr: /did not say where its TensorFlow is[^]*hello/ }, 'the answer');
  const bare = t.testdir();
  t.match(
    setup('--python', python(t, `echo 'trainyard-tensorflow {"version": "2.0.0", "directory": "${bare}", "includeDirectory": "${bare}"}'`)),
    { status: 1, stderr: /TensorFlow 2\.0\.0 .* lacks .*libtensorflow_cc\.so\.2/ },
    'the C library',
  );
});
