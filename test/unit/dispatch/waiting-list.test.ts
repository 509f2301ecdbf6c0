// What is read of those that wait, and when: all once, then what was heard of, and now and then what was not.
import t from 'tap';
import type { Demand, Measured } from '../../../src/dispatch/demand.js';
import { Measures } from '../../../src/dispatch/measures.js';
import { measureKey, type WaitingRow } from '../../../src/dispatch/placements.js';
import { WaitingList } from '../../../src/dispatch/waiting-list.js';

const DEMAND: Demand = { device: 'auto', gpus: 1, exclusive: false, memoryMiB: null, estimateMiB: 100, flops: 1, stepExamples: 1, maxRuntimeSeconds: null };

function scene() {
  const rows = new Map<string, WaitingRow>();
  const measured = new Map<string, Measured>();
  const reads: string[][] = [];
  const put = (id: string, changes: Partial<WaitingRow> = {}) => {
    rows.set(id, { id, attempt: 0, teamId: 'team', userId: 'user', priority: 0, queuedAt: new Date(0), demand: DEMAND, shape: 'shape', step: 0, totalSteps: 1, deviceIds: [], linedUpAt: null, promisedAt: null, version: '1', ...changes });
  };
  const measures = new Measures(async (shapes) => new Map([...measured].filter(([key]) => shapes.some((shape) => key.startsWith(shape)))));
  const list = new WaitingList({
    async waiting(ids = []) {
      reads.push([...ids]);
      return ids.flatMap((id) => rows.get(id) ?? []);
    },
    versions: async () => new Map([...rows.values()].map(({ id, version }) => [id, version])),
  }, measures);
  const read = async (now: number, hasGpu = false) => {
    await list.read({ now, largest: { gpu: hasGpu ? 8_000 : null, cpu: 8_000 } });
    await list.settled();
  };
  const inLine = () => list.lines().flatMap(({ runs }) => runs.map(({ id }) => id));
  return { rows, measured, reads, put, list, read, inLine };
}

t.test('all are read once, then those that were heard of', async (t) => {
  const { rows, reads, put, list, read, inLine } = scene();
  put('a');
  put('b');
  await read(0);
  t.same(inLine(), ['a', 'b']);
  await read(10);
  put('c');
  rows.delete('a');
  for (const id of ['a', 'c']) list.heardOf(id);
  await read(20);
  t.same(inLine(), ['b', 'c']);
  t.same(reads, [['a', 'b'], ['a', 'c']], 'without news, nothing is');
});

t.test('what was not heard of is found a few seconds later', async (t) => {
  const { rows, reads, put, read, list, inLine } = scene();
  for (const id of ['a', 'b', 'c']) put(id);
  await read(0);
  rows.delete('a');
  put('b', { priority: 5, promisedAt: new Date(1), version: '2' });
  put('d');
  await read(6_000);
  t.same(inLine(), ['a', 'b', 'c'], 'nobody waits for it');
  await read(6_100);
  t.same(inLine(), ['b', 'c', 'd']);
  t.same(list.promised().map(({ id }) => id), ['b']);
  t.same(reads.at(-1), ['a', 'b', 'd'], 'what has not changed is not read again');
});

t.test('what was measured meanwhile counts for those that wait already, as does the first GPU', async (t) => {
  const { measured, put, read, list } = scene();
  put('a');
  await read(0);
  const request = () => list.get('a')?.run.request;
  t.match(request(), { kind: 'cpu', memoryMiB: 400 });
  measured.set(measureKey('shape', 'cpu'), { peakMiB: 1_000, examplesPerSecond: null, startupMs: null });
  await read(6_000);
  await read(6_100);
  t.match(request(), { kind: 'cpu', memoryMiB: 1_100 });
  await read(6_200, true);
  t.match(request(), { kind: 'gpu', memoryMiB: 800 });
});
