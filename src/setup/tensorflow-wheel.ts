// The TensorFlow inside a Python wheel: the same C library that the addon is written against, with its headers.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lastWords, run, SetupError } from './command.js';

export interface TensorflowWheel {
  version: string;
  /** Holds the libraries. */
  directory: string;
  includeDirectory: string;
}

/** As the wheels for Linux name them. */
export const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

// The answer is marked, because importing TensorFlow prints a good deal of its own.
const MARK = 'trainyard-tensorflow ';
const QUESTION = `
import json, tensorflow as tf
print('${MARK}' + json.dumps({'version': tf.__version__, 'directory': tf.sysconfig.get_lib(), 'includeDirectory': tf.sysconfig.get_include()}))
`;

/** Asks a Python where its TensorFlow is. @throws SetupError when there is no Python, no TensorFlow, or one without what is needed */
export async function findTensorflowWheel(python: string): Promise<TensorflowWheel> {
  const answer = await run(python, ['-c', QUESTION]);
  if (answer === null) throw new SetupError(`There is no Python at "${python}". Name one that has TensorFlow by --python, or take the package's own download by --download.`);
  if (answer.code !== 0) {
    const missing = /No module named '?tensorflow'?\s*$/.test(answer.stderr);
    throw new SetupError(
      missing
        ? `"${python}" has no TensorFlow. Install it there (pip install tensorflow, or "tensorflow[and-cuda]" for a GPU), name another Python by --python, or take the package's own download by --download.`
        : `"${python}" cannot import TensorFlow:\n${lastWords(answer)}`,
    );
  }
  const line = answer.stdout.split('\n').find((text) => text.startsWith(MARK));
  if (line === undefined) throw new SetupError(`"${python}" did not say where its TensorFlow is; it said:\n${lastWords(answer)}`);
  const wheel = JSON.parse(line.slice(MARK.length)) as TensorflowWheel;
  const needed = [...LIBRARIES.map((library) => join(wheel.directory, library)), join(wheel.includeDirectory, 'tensorflow', 'c', 'c_api.h')];
  const absent = needed.filter((file) => !existsSync(file));
  if (absent.length > 0) throw new SetupError(`TensorFlow ${wheel.version} of "${python}" lacks ${absent.join(', ')}. The wheels from PyPI for Linux have them.`);
  return wheel;
}
