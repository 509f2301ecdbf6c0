// Compiling the native addon of `@tensorflow/tfjs-node-gpu` against the TensorFlow of a Python wheel. It is two
// C++ files on Node-API, so the compiler is called directly; node-gyp only ever fetches missing headers.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { lastWords, run, SetupError } from './command.js';
import { LIBRARIES, type TensorflowWheel } from './tensorflow-wheel.js';

export interface Addon {
  /** Root of the npm package. */
  packageDirectory: string;
  /** Where the package looks for it. */
  path: string;
}

const RECORD = 'built-against.json';

/** What the addon was built against; null when it was downloaded, or is not there. */
export async function builtAgainst(addon: Addon): Promise<TensorflowWheel | null> {
  try {
    return JSON.parse(await readFile(join(dirname(addon.path), RECORD), 'utf8')) as TensorflowWheel;
  } catch {
    return null;
  }
}

/** The first C++ compiler at hand. @throws SetupError */
async function findCompiler(): Promise<string> {
  for (const name of ['c++', 'g++', 'clang++']) {
    if ((await run(name, ['--version']))?.code === 0) return name;
  }
  throw new SetupError('There is no C++ compiler (c++, g++ or clang++). On Debian and Ubuntu: apt-get install g++.');
}

/** The directory of `node_api.h`. @throws SetupError when Node has none and they cannot be fetched */
async function findNodeHeaders(): Promise<string> {
  const beside = [join(dirname(process.execPath), '..', 'include', 'node'), '/usr/include/node'];
  const cached = join(homedir(), '.cache', 'node-gyp', process.versions.node, 'include', 'node');
  const find = (): string | undefined => [...beside, cached].find((directory) => existsSync(join(directory, 'node_api.h')));
  const found = find();
  if (found !== undefined) return found;

  console.log(`Node ${process.versions.node} came without its C headers; node-gyp fetches them.`);
  const failures: string[] = [];
  for (const [program, ...args] of await nodeGyps()) {
    const result = await run(program, [...args, 'install']);
    if (result?.code === 0 && find() !== undefined) break;
    failures.push(result === null ? `no ${program}` : lastWords(result, 3));
  }
  const fetched = find();
  if (fetched === undefined) throw new SetupError(`The C headers of Node ${process.versions.node} are neither in ${beside.join(' nor in ')}, and node-gyp could not fetch them:\n${failures.join('\n')}`);
  return fetched;
}

/** The node-gyp on the path (npm puts its own there for scripts), then the one inside npm. */
async function nodeGyps(): Promise<[string, ...string[]][]> {
  const root = await run('npm', ['root', '--global']);
  const own = root === null ? [] : [[process.execPath, join(root.stdout.trim(), 'npm', 'node_modules', 'node-gyp', 'bin', 'node-gyp.js')] as [string, string]];
  return [['node-gyp'], ...own];
}

/** Builds it in place of whatever was there. Takes about 15 s. @throws SetupError */
export async function buildAddon(addon: Addon, wheel: TensorflowWheel): Promise<void> {
  if (process.platform !== 'linux') throw new SetupError(`Building against a Python wheel is known for Linux only, and this is ${process.platform}. Take the package's own download by --download.`);
  const [compiler, headers] = [await findCompiler(), await findNodeHeaders()];
  const directory = dirname(addon.path);
  await mkdir(directory, { recursive: true });
  // Under another name until it is whole: a run that is stopped halfway leaves no broken addon.
  const unfinished = `${addon.path}.${process.pid}`;
  const binding = join(addon.packageDirectory, 'binding');
  console.log(`Compiling the addon with ${compiler} and the headers in ${headers} (some 15 s) …`);
  const result = await run(compiler, [
    '-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8',
    '-I', headers, '-I', wheel.includeDirectory,
    join(binding, 'tfjs_backend.cc'), join(binding, 'tfjs_binding.cc'),
    '-o', unfinished,
    '-L', wheel.directory, ...LIBRARIES.map((library) => `-l:${library}`),
    // The wheel's libraries are used where they lie; they find their own (CUDA's, too) from there.
    `-Wl,-rpath,${wheel.directory}`,
  ]);
  if (result?.code !== 0) {
    await rm(unfinished, { force: true });
    throw new SetupError(`${compiler} could not build the addon against TensorFlow ${wheel.version}:\n${result === null ? 'it is gone' : lastWords(result)}`);
  }
  await rename(unfinished, addon.path);
  await writeFile(join(directory, RECORD), `${JSON.stringify(wheel, null, 2)}\n`);
}

/** The package's own way: its install script fetches TensorFlow 2.9.1 for CUDA 11.2, and an addon for it. @throws SetupError */
export async function downloadAddon(addon: Addon): Promise<void> {
  console.log('Downloading TensorFlow by the install script of the package (several hundred megabytes) …');
  const result = await run('npm', ['run', 'install'], { cwd: addon.packageDirectory, isShown: true });
  if (result === null) throw new SetupError('There is no npm on the path, which runs the install script of the package.');
  if (result.code !== 0 || !existsSync(addon.path)) {
    throw new SetupError('The download failed (see above). Without access to its host, build against a Python TensorFlow instead: --python PATH.');
  }
  await rm(join(dirname(addon.path), RECORD), { force: true });
}
