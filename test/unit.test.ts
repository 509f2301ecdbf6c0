// All unit tests in one process: they do no I/O and leave nothing behind, and starting a process for each
// file costs more than all of their tests together. A file of theirs also runs by itself.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = fileURLToPath(new URL('./unit/', import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.js'));
if (files.length === 0) throw new Error(`there are no tests in ${folder}`);
for (const file of files.sort()) await import(pathToFileURL(join(folder, file)).href);
