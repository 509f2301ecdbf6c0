// `npm run setup:tensorflow`: brings the native part of the optional package `@tensorflow/tfjs-node-gpu`, by the
// package's own download or by building it against the TensorFlow inside a Python wheel, and tries it out.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { tensorflowAddonPath } from '../ml/engines/eager/backend-tensorflow.js';
import { lastWords, run, SetupError } from './command.js';
import { buildAddon, builtAgainst, downloadAddon, type Addon } from './tensorflow-addon.js';
import { findTensorflowWheel, type TensorflowWheel } from './tensorflow-wheel.js';

const USAGE = `Usage: npm run setup:tensorflow [-- --python PATH | -- --download] [--force]

  --python PATH  build the addon against the TensorFlow of this Python; python3 when absent
  --download     take the package's own download instead: TensorFlow 2.9.1 with CUDA 11.2
  --force        do it again although it is there and works`;

function arguments_() {
  const options = { python: { type: 'string' }, download: { type: 'boolean' }, force: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  const { values } = parseArgs({ options });
  if (values.download && values.python !== undefined) throw new Error('--python and --download exclude each other');
  return values;
}

function findAddon(): Addon {
  try {
    const path = tensorflowAddonPath();
    return { path, packageDirectory: dirname(dirname(dirname(path))) };
  } catch (cause) {
    throw new SetupError('The optional package @tensorflow/tfjs-node-gpu is not installed. npm leaves it out when its download fails or optional packages are off: npm install --include=optional.', { cause });
  }
}

/** What computes, in words; or, as an error, why the addon does not work. */
async function check(): Promise<{ name: string } | { fault: string }> {
  const program = join(dirname(fileURLToPath(import.meta.url)), 'check-tensorflow.js');
  const result = await run(process.execPath, [program]);
  if (result?.code !== 0) return { fault: result === null ? 'Node could not be started' : lastWords(result) };
  const { device, deviceName } = JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as { device: string; deviceName: string };
  return { name: `${device}: ${deviceName}` };
}

async function main({ python, download, force }: ReturnType<typeof arguments_>): Promise<void> {
  const addon = findAddon();
  let wheel = python === undefined ? null : await findWheel(python);
  const built = await builtAgainst(addon);
  const isAsked = download ? built === null : wheel === null || built?.directory === wheel.directory && built.version === wheel.version;

  if (existsSync(addon.path) && isAsked && !force) {
    console.log(`The addon is there: ${addon.path}`);
    const checked = await check();
    if ('name' in checked) return report(checked);
    console.log(`It does not work, so it is brought anew. The fault was:\n${checked.fault}`);
  }
  if (download) {
    await downloadAddon(addon);
  } else {
    wheel ??= await findWheel('python3');
    await buildAddon(addon, wheel);
  }
  console.log(`The addon is in place: ${addon.path}`);
  const checked = await check();
  if ('fault' in checked) throw new SetupError(`The addon does not work:\n${checked.fault}`);
  report(checked);
}

async function findWheel(python: string): Promise<TensorflowWheel> {
  const wheel = await findTensorflowWheel(python);
  console.log(`TensorFlow ${wheel.version} is in ${wheel.directory}`);
  return wheel;
}

function report({ name }: { name: string }): void {
  console.log(`The tensorflow backend works; it multiplied two matrices on ${name}.`);
}

/** Null after a word on how to call it. */
function parse(): ReturnType<typeof arguments_> | null {
  try {
    return arguments_();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return null;
  }
}

const values = parse();
if (values?.help) {
  console.log(USAGE);
} else if (values !== null) {
  await main(values).catch((error: unknown) => {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  });
}
