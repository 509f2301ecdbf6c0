// `npm run bench [-- NAME] [--json FILE]`: measures on this machine, prints tables, and JSON where asked.
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { UsageError, type Bench, type BenchValues } from './bench.js';
import { dashboardBench } from './dashboard.js';
import { ingestBench } from './ingest.js';
import { liveBench } from './live.js';
import { queueBench } from './queue.js';
import { serviceBench } from './service.js';
import { soakBench } from './soak.js';
import { trainBench } from './train.js';

const BENCHES: Record<string, Bench> = { service: serviceBench, live: liveBench, ingest: ingestBench, queue: queueBench, train: trainBench, dashboard: dashboardBench, soak: soakBench };

async function main(args: string[]): Promise<void> {
  const isNamed = args[0] !== undefined && !args[0].startsWith('-');
  const name = isNamed ? args[0]! : 'service';
  const bench = BENCHES[name];
  if (bench === undefined) throw new UsageError(`there is no bench ${name}; there are: ${Object.keys(BENCHES).join(', ')}`);
  const parsed = parseArgs({ args: isNamed ? args.slice(1) : args, options: { ...bench.options, json: { type: 'string' } } });
  const values: BenchValues = parsed.values;
  const loadBefore = loadavg()[0];
  const { rows, tables } = await bench.run(values);
  for (const table of tables) if (Object.keys(table).length > 0) console.table(table);
  console.log(`load average before: ${loadBefore?.toFixed(2)}`);
  const json = JSON.stringify({ bench: name, node: process.version, loadBefore, rows }, null, 2);
  if (typeof values.json === 'string') await writeFile(values.json, `${json}\n`);
  else console.log(json);
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    const isUsage = error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    console.error(isUsage ? (error as Error).message : error);
    process.exit(1);
  },
);
