// Whose the memory of a GPU is, when some of it is in nobody's name.
import t from 'tap';
import { GpuShares, type SharingRun } from '../../../workers/gpu-shares.js';

const UUID = 'GPU-0';
const OWN = 100;
/** Another supervisor of the box. */
const OTHER = 300;
/** 200 is a trainer, 201 its child, 202 that one's; 301 is the other supervisor's; 900 is somebody's. */
const PARENTS: Record<number, number> = { 200: OWN, 201: 200, 202: 201, 210: OWN, [OTHER]: 1, 301: OTHER, 900: 1 };

function setUp() {
  const shares = new GpuShares({ supervisors: () => new Set([OWN, OTHER]), parentOf: (pid) => PARENTS[pid] ?? null });
  return (memoryUsedMiB: number | null, processes: Record<number, number | null>, runs: readonly SharingRun[] = []) => {
    const gpu = { index: 0, uuid: UUID, instance: null, isDivided: false, name: 'GPU', memoryMiB: 16_000, memoryUsedMiB, utilizationPercent: 0, temperatureCelsius: 0 };
    const listed = Object.entries(processes).map(([pid, memoryMiB]) => ({ gpuUuid: UUID, pid: Number(pid), name: `process ${pid}`, memoryMiB }));
    const share = shares.read({ gpus: [gpu], processes: listed, at: new Date() }, runs).get(UUID)!;
    return { foreign: share.foreign.map(({ pid }) => pid), foreignMemoryMiB: share.foreignMemoryMiB, runs: Object.fromEntries(share.runs) };
  };
}
const run: SharingRun = { runId: 'a', pid: 200, gpuUuids: [UUID] };

t.test('ours are the trainers, what they start, and what else descends from us', async (t) => {
  const read = setUp();
  t.same(read(3_500, { 200: 1_000, 202: 500, 210: 400, 900: 1_600 }, [run]), { foreign: [900], foreignMemoryMiB: 1_600, runs: { a: 1_500 } });
  t.same(read(7_500, { 200: 1_000, 202: 500, 210: 400, 301: 4_000, 900: 1_600 }, [run]), { foreign: [900], foreignMemoryMiB: 1_600, runs: { a: 1_500 } }, 'nor is what another supervisor of the box trains');
  t.same(read(3_500, { 200: 1_000, 202: 500, 210: 400, 900: 1_600 }), { foreign: [900], foreignMemoryMiB: 1_600, runs: {} }, 'a trainer whose run is over is not somebody else');
});

t.test('what is in use and in no list is others\', too', async (t) => {
  const read = setUp();
  t.equal(read(700, {}).foreignMemoryMiB, 700, 'such as a screen');
  t.equal(read(null, {}).foreignMemoryMiB, 700, 'and is remembered while the driver does not tell');
  t.equal(read(1_700, { 200: 1_000 }, [run]).foreignMemoryMiB, 700, 'a run that is in the list adds nothing');
});

t.test('a run that no list shows is not taken for others', async (t) => {
  const read = setUp();
  t.equal(read(300, {}).foreignMemoryMiB, 300);
  t.same(read(9_000, {}, [run]), { foreign: [], foreignMemoryMiB: 300, runs: {} }, 'as in a container that sees no processes');
  t.same(read(9_000, { 200: null }, [run]), { foreign: [], foreignMemoryMiB: 300, runs: { a: null } }, 'or where memory is not told');
  t.equal(read(9_500, { 900: 500 }, [run]).foreignMemoryMiB, 800, 'what is listed of others counts');
});

t.test('in a container that is told of the host\'s processes, ours among them, by other numbers', async (t) => {
  const read = setUp();
  t.same(read(2_000, { 5001: 1_800 }), { foreign: [5001], foreignMemoryMiB: 2_000, runs: {} }, 'without runs of ours it is somebody else');
  t.same(read(6_000, { 5001: 1_800, 5002: 4_000 }, [run]), { foreign: [], foreignMemoryMiB: 2_000, runs: {} }, 'with one it may be that');
  t.same(read(6_100, { 5001: 1_800, 900: 100, 5002: 4_000 }, [run]), { foreign: [900], foreignMemoryMiB: 2_100, runs: {} }, 'but not who is known here');
});

t.test('a spike between two questions is passed over', async (t) => {
  const read = setUp();
  for (const used of [300, 300]) read(used, {});
  t.equal(read(8_300, {}).foreignMemoryMiB, 300, 'a run has ended between them');
  read(8_300, {});
  t.equal(read(8_300, {}).foreignMemoryMiB, 8_300, 'what stays is so');
});
