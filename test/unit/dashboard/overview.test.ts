// The overview: devices as their boxes tell them, whose memory it is, and when what waits will start.
import t from 'tap';
import type { Device, QueueEntry, Run } from '../../../src/dashboard/api/types.js';
import { likelyStart, roughly, startMoments, startSpan } from '../../../src/dashboard/lib/start-words.js';
import { withNames } from '../../../src/dashboard/lib/run-names.js';
import { aheadOf, byBox, isStale, viewOf, type HeardMessage } from '../../../src/dashboard/live/device-view.js';
import { follow, trailPath, TRAIL_LENGTH, type Trail } from '../../../src/dashboard/live/trail.js';
import { noticeOfBox, noticeOfDevice } from '../../../src/dashboard/pages/overview/box-words.js';
import { stepsOf } from '../../../src/dashboard/pages/overview/line-up.js';
import { memoryOf, mib } from '../../../src/dashboard/pages/overview/memory.js';

const AT = '2026-03-01T12:00:00Z';
const later = (seconds: number) => new Date(Date.parse(AT) + seconds * 1000).toISOString();
const gpu = (more: object = {}): Device => ({ id: 'gpu:0', kind: 'gpu', memoryMiB: 8000, memoryUsedMiB: 3000, foreignMemoryMiB: 500, utilizationPercent: 40, temperatureCelsius: 60, runs: [{ id: 'a', memoryMiB: 1000 }], otherRuns: 1, sampledAt: AT, worker: { id: 'w', box: 'left' }, ...more }) as unknown as Device;
const told = (at: string, more: object = {}): HeardMessage => ({ heardMs: Date.parse(at), type: 'devices', worker: 'w', box: 'left', at, devices: [{ id: 'gpu:0', memoryMiB: 8000, memoryUsedMiB: 4000, foreignMemoryMiB: 0, utilizationPercent: 90, temperatureCelsius: 71, otherRuns: 0 }], runs: [{ runId: 'b', attempt: 1, deviceIds: ['gpu:0'], cpuPercent: 100, rssMiB: 700, gpus: [{ id: 'gpu:0', memoryMiB: 3500, utilizationPercent: null }] }], ...more });

t.test('a device is as its box told it last', async (t) => {
  const before = viewOf(gpu(), undefined);
  t.match(before, { key: 'w/gpu:0', utilizationPercent: 40, atMs: Date.parse(AT) });
  t.same(before.parts.map(({ kind, memoryMiB }) => [kind, memoryMiB]), [['run', 1000], ['others', 1500], ['foreign', 500]], 'what neither runs that one sees nor strangers hold is of other teams');
  const after = viewOf(gpu(), told(later(1)));
  t.match(after, { utilizationPercent: 90, temperatureCelsius: 71, otherRuns: 0 });
  t.same(after.parts, [{ kind: 'run', runId: 'b', memoryMiB: 3500 }], 'runs come and go with it');
  t.equal(viewOf(gpu(), told(later(-5))).utilizationPercent, 40, 'what is older than what was read counts for nothing');
  t.equal(viewOf(gpu({ id: 'gpu:1' }), told(later(1))).utilizationPercent, 40, 'nor what is of another device');
  const cpu = viewOf(gpu({ id: 'cpu', kind: 'cpu', foreignMemoryMiB: null, runs: [] }), undefined);
  t.same(cpu.parts, [{ kind: 'others', runId: null, memoryMiB: null }], 'on a processor nobody knows what the runs of others hold');
  t.same([isStale(before, Date.parse(later(14))), isStale(before, Date.parse(later(16)))], [false, true]);
  t.equal(viewOf(gpu(), told(later(1), { worker: 'v' })).utilizationPercent, 40, 'nor what a supervisor told that was there before');
});

t.test('how old numbers are is judged by one clock', async (t) => {
  const fast = viewOf(gpu(), told(later(3600), { heardMs: Date.parse(AT) }));
  t.same([isStale(fast, Date.parse(later(14))), isStale(fast, Date.parse(later(16)))], [false, true], 'that of a box may be an hour ahead');
  const now = Date.parse(later(-3600));
  const aheadMs = aheadOf(new Date(AT).toUTCString(), now);
  const read = viewOf(gpu(), undefined, aheadMs);
  t.same([isStale(read, now + 14_000), isStale(read, now + 16_000)], [false, true], 'that of the service, too');
  t.same([aheadOf(null, now), aheadOf('nonsense', now), aheadOf(new Date(now - 1000).toUTCString(), now)], [0, 0, 0]);
});

t.test('devices stand with their box, in the order of their numbers', async (t) => {
  const views = [gpu({ id: 'cpu', kind: 'cpu' }), gpu({ id: 'gpu:10' }), gpu({ id: 'gpu:2' }), gpu({ worker: { id: 'v', box: 'right' } })].map((device) => viewOf(device, undefined));
  const boxes = byBox(views);
  t.same([...boxes.keys()].sort(), ['left', 'right']);
  t.same(boxes.get('left')?.map(({ device }) => device.id), ['gpu:2', 'gpu:10', 'cpu']);
});

t.test('a bar of memory never grows beyond its end', async (t) => {
  const memory = memoryOf(viewOf(gpu(), undefined), () => null);
  t.match(memory, { totalMiB: 8000, barMiB: 8000, freeMiB: 5000 });
  const kept = memoryOf(viewOf(gpu({ otherRuns: 0, foreignMemoryMiB: null, runs: [{ id: 'a', memoryMiB: null }] }), undefined), (id) => (id === 'a' ? 2000 : null));
  t.match(kept, { freeMiB: 5000, parts: [{ shownMiB: 2000, memoryMiB: null }] }, 'what was not measured is shown as it is kept');
  t.match(memoryOf(viewOf(gpu({ memoryMiB: 1000, otherRuns: 0 }), undefined), () => null), { barMiB: 1500, freeMiB: 0 });
  t.equal(memoryOf(viewOf(gpu({ memoryUsedMiB: null, foreignMemoryMiB: null }), undefined), () => null)?.freeMiB, null, 'where nobody tells what others hold, nothing is called free');
  t.equal(memoryOf(viewOf(gpu({ memoryMiB: null }), undefined), () => null), null);
  t.same([mib(700.4), mib(1024), mib(1280), mib(81_920), mib(143_000)], ['700 MiB', '1 GiB', '1.3 GiB', '80 GiB', '140 GiB']);
});

t.test('a trail keeps the last two minutes, with its gaps', async (t) => {
  let trail: Trail | undefined;
  for (const [at, value] of [10, null, 30, 140].entries()) trail = follow(trail, at, value);
  t.same(trail?.values, [10, null, 30, 140]);
  t.equal(follow(trail, 3, 50), trail, 'what is no later is none of it');
  t.equal(trailPath(trail!), `M${TRAIL_LENGTH - 4} 90.0M${TRAIL_LENGTH - 2} 70.0L${TRAIL_LENGTH - 1} 0.0`);
  const absent = follow(trail, 30_003, 50);
  t.equal(absent.values.length, 34, 'nor is an absence drawn over');
  t.match(trailPath(absent), /0\.0M119 50\.0$/);
  t.equal(follow(trail, 9e9, 50).values.filter((value) => value !== null).length, 1);
  for (let at = 4; at < 500; at += 1) trail = follow(trail, at, at);
  t.equal(trail?.values.length, TRAIL_LENGTH);
});

t.test('a start is said as roughly as it is known', async (t) => {
  const now = Date.parse(AT);
  const estimate = (earliest: number | null, likely: number | null, latest: number | null) => ({ earliest: earliest === null ? null : later(earliest), likely: likely === null ? null : later(likely), latest: latest === null ? null : later(latest) });
  t.same([10_000, 5 * 60_000, 89 * 60_000, 3 * 3600_000, 50 * 3600_000].map(roughly), ['1 min', '5 min', '89 min', '3 h', '2 days']);
  t.same([estimate(0, 10, 20), estimate(0, 50, 90), estimate(60, 300, 600), estimate(300, null, null), estimate(null, null, null)].map((one) => likelyStart(one, now)), ['any moment', 'in less than a minute', 'in about 5 min', 'in 5 min at the earliest', null]);
  t.equal(likelyStart(estimate(60, -500, 600), now), 'any moment', 'a time that has passed is not said');
  t.same([estimate(120, 300, 540), estimate(120, 300, 10_800), estimate(120, 300, null), estimate(20, 30, 40), estimate(null, 30, 40)].map((one) => startSpan(one, now)), ['2 to 9 min', '2 min to 3 h', '2 min or later', null, null]);
  t.match(startMoments(estimate(120, 300, null)), /^Earliest .+, likely .+\d$/);
  t.equal(startMoments(estimate(null, null, null)), 'Nobody can say when.');
});

t.test('runs change places with those of the same user alone', async (t) => {
  const entries = ['a', 'x', 'b', 'c', 'n'].map((runId, at) => ({ runId, position: at + 1 }) as QueueEntry);
  const runs = new Map<string, Pick<Run, 'user'>>([['a', { user: 'ada' }], ['x', { user: 'bob' }], ['b', { user: 'ada' }], ['c', { user: 'ada' }], ['n', { user: null }]]);
  const steps = stepsOf([...entries].reverse(), runs);
  t.same(steps.get('b'), { earlier: { move: 'b', before: 'a' }, later: { move: 'c', before: 'b' } }, 'past a run of somebody else, whose place stays');
  t.same([steps.get('a')?.earlier, steps.get('c')?.later, steps.get('x'), steps.get('n')], [null, null, { earlier: null, later: null }, undefined]);
});

t.test('what is not as usual is said, with what becomes of the runs', async (t) => {
  t.equal(noticeOfBox({ phase: 'open', alive: true, runs: 3 }), null);
  t.match(noticeOfBox({ phase: 'open', alive: false, runs: 1 }), { tone: 'failed', text: /1 run had a place/ });
  t.match(noticeOfBox({ phase: 'cordoned', alive: true, runs: 2 })?.text, '2 runs go on');
  t.same([noticeOfBox({ phase: 'draining', alive: true, runs: 0 })?.text, noticeOfBox({ phase: 'draining', alive: true, runs: 1 })?.text], ['Drained: no run is on it, and none will start.', 'Draining: 1 run keeps its training state and then waits again.']);
  const device = { slots: 4, backends: ['cuda'], unavailable: [], simulated: false, kind: 'gpu' as const };
  t.equal(noticeOfDevice(device), null);
  t.match(noticeOfDevice({ ...device, slots: 0 }), /takes no runs/);
  t.match(noticeOfDevice({ ...device, backends: [], unavailable: [{ backend: 'webgpu', reason: 'no driver' }] }), /webgpu, no driver/);
  t.equal(withNames('It waits for 01890a5d-ac96-774b-bcce-b302099a8057.', () => 'wide net'), 'It waits for wide net.');
  t.equal(withNames('It waits for 01890a5d-ac96-774b-bcce-b302099a8057.', () => undefined), 'It waits for run …9a8057.');
});
