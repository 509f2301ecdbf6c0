// The training bench's figures as rows for machines and tables for people.
import { formatNumber, type BenchTable } from './bench.js';
import { median } from './measure.js';
import { BARS, type ModelName } from './train-models.js';
import type { Pair, Speeds } from './train-rounds.js';

export interface TrainRow {
  model: ModelName;
  batchSize: number;
  engine: string;
  /** The median of the rounds. */
  examplesPerSecond: number;
  min: number;
  max: number;
}

export interface Result {
  pair: Pair;
  speeds: Speeds[];
}

export function rowsOf({ pair, speeds }: Result): TrainRow[] {
  return speeds.map(({ engine, speeds: all }) => ({ ...pair, engine, examplesPerSecond: median(all), min: Math.min(...all), max: Math.max(...all) }));
}

export function speedTable(results: readonly Result[]): BenchTable {
  return Object.fromEntries(results.flatMap((result) => rowsOf(result).map(({ model, batchSize, engine, examplesPerSecond, min, max }, i) => [
    `${model}, batch ${batchSize}: ${engine}`,
    {
      'examples/s': formatNumber(examplesPerSecond), min: formatNumber(min), max: formatNumber(max),
      'first step, s': formatNumber(result.speeds[i]!.firstStepSeconds),
    },
  ])));
}

function judgement(ratio: number, { engine, over, pair }: { engine: string; over: string; pair: Pair }): string {
  const bar = BARS.find((one) => one.engine === engine && one.over === over && one.model === pair.model && one.batchSize === pair.batchSize);
  if (bar === undefined) return '';
  const aim = bar.aim === undefined ? '' : `, aim ${bar.aim}`;
  return `>= ${bar.atLeast}${aim}: ${ratio >= bar.atLeast ? 'met' : 'missed'}`;
}

/** Every compiled engine over every other: the ratio of the medians, and the least and greatest of one round. */
export function ratioTable(results: readonly Result[]): BenchTable {
  const lines: [string, BenchTable[string]][] = [];
  for (const { pair, speeds } of results) {
    for (const ours of speeds.filter(({ engine }) => engine.startsWith('compiled-'))) {
      for (const other of speeds.filter(({ engine }) => !engine.startsWith('compiled-'))) {
        const ratio = median(ours.speeds) / median(other.speeds);
        const inRounds = ours.speeds.map((speed, round) => speed / other.speeds[round]!);
        lines.push([`${pair.model}, batch ${pair.batchSize}: ${ours.engine} / ${other.engine}`, {
          ratio: ratio.toFixed(2), min: Math.min(...inRounds).toFixed(2), max: Math.max(...inRounds).toFixed(2),
          bar: judgement(ratio, { engine: ours.engine, over: other.engine, pair }),
        }]);
      }
    }
  }
  return Object.fromEntries(lines);
}
