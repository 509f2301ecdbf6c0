// `npm run bench [-- NAME] [--json FILE]`: measures on this machine, prints a table, and JSON where asked.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { benchService } from './service.js';
import type { BenchRow } from './measure.js';

const BENCHES: Record<string, () => Promise<BenchRow[]>> = { service: benchService };

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const name = positionals[0] ?? 'service';
const bench = BENCHES[name];
if (bench === undefined) {
  console.error(`There is no bench ${name}; there are: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(1);
}
const rows = await bench();
const number = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 });
console.table(Object.fromEntries(rows.map(({ what, median, min, max, unit, bar }) => [what, { median: number(median), min: number(min), max: number(max), unit, bar: bar ?? '' }])));
const json = JSON.stringify({ bench: name, node: process.version, rows }, null, 2);
if (values.json === undefined) console.log(json);
else await writeFile(values.json, `${json}\n`);
process.exit(0);
