// The live stream under many watchers: delay from the worker's event to the client, with and without slow readers
// among them, what it costs the API, and the replay of a long run. Every reader counts its events: none may be lost
// or come twice.
import { rowsTable, wholeNumber, type Bench } from './bench.js';
import { replay, REPLAY_POINTS, writeLongRun } from './live-replay.js';
import { gatherCast, play, type Cast, type Scene, type SceneResult } from './live-scene.js';
import { quantile, row, type BenchRow } from './measure.js';
import { inScope } from './scope.js';
import { BACKEND_OPTION, backendsOf, startStack, type Backend } from './stack.js';

// One run as a small model trains on two cores; fifty as larger ones do on many boxes. The hub takes a thousand clients.
const ONE = { runs: 1, readers: 200, everyMs: 100, steps: 50 };
const FIFTY = { runs: 50, readers: 20, everyMs: 500, steps: 5 };
/** Each without and with slow readers. */
const SCENES = {
  '1 run x 200': [{ ...ONE, slow: 0 }, { ...ONE, readers: ONE.readers + 10, slow: 10 }],
  '50 runs x 20': [{ ...FIFTY, slow: 0 }, { ...FIFTY, slow: 10 }],
} as const;
const DELAY_BAR_MS: Partial<Record<keyof typeof SCENES, number>> = { '1 run x 200': 50 };

/** Steps in an event: of a model that trains fast, and of one whose every batch takes longer than a tenth of a second. */
const REPLAYS = { 'blocks of 50 steps': 50, 'single steps': 1 };
const REPLAYS_PER_ROUND = 3;

const p95 = ({ delays }: SceneResult) => quantile(delays, 0.95);

function sceneRows(name: string, results: readonly SceneResult[], bar?: number): BenchRow[] {
  const of = (what: string, pick: (result: SceneResult) => number, unit: string, atMost?: number) =>
    row(`${name}: ${what}`, results.map(pick), unit, atMost === undefined ? undefined : { atMost });
  return [
    of('worker to client, p50', ({ delays }) => quantile(delays, 0.5), 'ms'), of('worker to client, p95', p95, 'ms', bar), of('worker to client, p99', ({ delays }) => quantile(delays, 0.99), 'ms'),
    of('lost', ({ lost }) => lost, 'events', 0), of('doubled', ({ doubled }) => doubled, 'events', 0),
    of('CPU of the API', ({ cpu }) => cpu, '% of a core'), of('memory of the API', ({ memoryMB }) => memoryMB, 'MB'),
  ];
}

async function benchReplays(cast: Cast, rounds: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [name, steps] of Object.entries(REPLAYS)) {
    const run = await writeLongRun(cast.stack, steps);
    const results = [];
    for (let round = 0; round < rounds * REPLAYS_PER_ROUND; round += 1) results.push(await replay(cast, run));
    const what = `replay of ${REPLAY_POINTS.toLocaleString('en')} points in ${name}`;
    rows.push(row(what, results.map(({ seconds }) => seconds), 's', { atMost: 1 }), row(`${what}: lost or doubled`, results.map(({ lost, doubled }) => lost + doubled), 'events', { atMost: 0 }));
  }
  return rows;
}

async function benchScenes(cast: Cast, { rounds, seconds }: { rounds: number; seconds: number }): Promise<BenchRow[]> {
  const backlog = await writeLongRun(cast.stack, 1);
  const scene = (one: Omit<Scene, 'seconds' | 'backlog'>) => play(cast, { ...one, seconds, backlog });
  // Not counted: runs are watched when all programs are warm.
  await scene({ ...ONE, readers: 20, slow: 0 });
  const rows: BenchRow[] = [];
  for (const [name, [without, withSlow]] of Object.entries(SCENES) as [keyof typeof SCENES, (typeof SCENES)['1 run x 200']][]) {
    const plain: SceneResult[] = [];
    const mixed: SceneResult[] = [];
    for (let round = 0; round < rounds; round += 1) {
      plain.push(await scene(without));
      mixed.push(await scene(withSlow));
    }
    const slowName = `${name}, ${withSlow.slow} slow`;
    rows.push(...sceneRows(name, plain, DELAY_BAR_MS[name]), ...sceneRows(slowName, mixed, DELAY_BAR_MS[name]));
    rows.push(row(`${slowName}: told that they are behind`, mixed.map(({ lagging }) => lagging), 'readers'), row(`${slowName}: p95 of the others / without`, mixed.map((one, round) => p95(one) / p95(plain[round]!)), 'ratio'));
  }
  return rows;
}

export const liveBench: Bench = {
  options: { seconds: { type: 'string', default: '10' }, rounds: { type: 'string', default: '3' }, ...BACKEND_OPTION },
  async run(values) {
    const [seconds, rounds] = [wholeNumber(values, 'seconds', 3600), wholeNumber(values, 'rounds', 100)];
    const rowsOf = (backend: Backend) =>
      inScope(async (scope) => {
        console.log(`${backend} …`);
        const cast = gatherCast(scope, await startStack(scope, backend));
        const rows = [...(await benchReplays(cast, rounds)), ...(await benchScenes(cast, { rounds, seconds }))];
        return rows.map((one) => ({ ...one, what: `${backend}: ${one.what}` }));
      });
    const results: BenchRow[][] = [];
    for (const backend of backendsOf(values)) results.push(await rowsOf(backend));
    return { rows: results.flat(), tables: results.map(rowsTable) };
  },
};
