// What the scheduler does, one situation each.
import t from 'tap';
import { decided, gpu, HOUR, MINUTE, NOW, running, team, waiting } from './scenes.js';

const two = [gpu('gpu-0'), gpu('gpu-1')];
const used = (hours: number) => ({ usage: hours * HOUR });

t.test('runs are packed on a device while their memory fits', async (t) => {
  const small = (id: string) => waiting(id, 'a', { memoryMiB: 300, ago: HOUR - Number(id) });
  t.strictSame(decided({ devices: two, waiting: ['1', '2', '3', '4'].map(small) }), ['start 1 on gpu-0', 'start 2 on gpu-0', 'start 3 on gpu-0', 'start 4 on gpu-1']);
  t.strictSame(decided({ devices: [gpu('gpu-0', { slots: 2 })], waiting: ['1', '2', '3'].map(small) }), ['start 1 on gpu-0', 'start 2 on gpu-0'], 'and as long as it takes so many at once');
  t.strictSame(decided({ devices: [gpu('large', { memoryMiB: 4000 }), gpu('tight', { memoryMiB: 400 })], waiting: [small('1')] }), ['start 1 on tight'], 'where the least is left over');
});

t.test('an exclusive run is alone', async (t) => {
  const alone = waiting('alone', 'a', { memoryMiB: 100, exclusive: true });
  t.strictSame(decided({ devices: two, running: [running('r', 'a', ['gpu-0'], { request: { memoryMiB: 100 } })], waiting: [alone] }), ['start alone on gpu-1'], 'it takes an empty device');
  t.strictSame(decided({ running: [running('r', 'a', ['gpu-0'], { request: { memoryMiB: 100, exclusive: true } })], waiting: [waiting('w', 'a', { memoryMiB: 100 })] }), [], 'and nobody joins it');
});

t.test('several devices are those of one box', async (t) => {
  const devices = [gpu('a-0', { box: 'a' }), gpu('b-0', { box: 'b' }), gpu('b-1', { box: 'b' })];
  t.strictSame(decided({ devices, waiting: [waiting('w', 'a', { devices: 2 })] }), ['start w on b-0 and b-1']);
  t.strictSame(decided({ devices, waiting: [waiting('w', 'a', { devices: 3 })] }), [], 'and never of two');
});

t.test('a kind of device is what was asked for', async (t) => {
  const devices = [gpu('gpu-0'), gpu('cpu', { kind: 'cpu' })];
  t.strictSame(decided({ devices, waiting: [waiting('w', 'a', { kind: 'cpu' })] }), ['start w on cpu']);
  const mixed = [waiting('g1', 'a', { ago: 3 }), waiting('g2', 'a', { ago: 2 }), waiting('c', 'a', { ago: 1, kind: 'cpu' })];
  t.strictSame(decided({ devices, waiting: mixed }), ['start g1 on gpu-0', 'start c on cpu'], 'those who wait for one do not hold up the other');
});

t.test('a box that is cordoned takes nothing, one that is drained is left', async (t) => {
  const scene = (phase: 'cordoned' | 'draining') => ({ devices: [gpu('gpu-0', { phase })], running: [running('r', 'a', ['gpu-0'], { request: { memoryMiB: 10 } })], waiting: [waiting('w', 'a', { memoryMiB: 10 })] });
  t.strictSame(decided(scene('cordoned')), []);
  t.strictSame(decided(scene('draining')), ['preempt r: drain']);
});

t.test('a run whose time is up is stopped, once', async (t) => {
  const over = running('r', 'a', ['gpu-0'], { endsBy: NOW });
  t.strictSame(decided({ running: [over] }), ['stop r: timeout']);
  t.strictSame(decided({ running: [{ ...over, leaving: true }] }), []);
  t.strictSame(decided({ running: [{ ...over, endsBy: NOW + 1 }] }), []);
});

t.test('the team that has used the least of its share is next, in it the user, then the priority, then the age', async (t) => {
  const next = (teams: ReturnType<typeof team>[], runs: ReturnType<typeof waiting>[]) => decided({ teams, waiting: runs })[0];
  const [a, b] = [waiting('a', 'a', { ago: HOUR }), waiting('b', 'b')];
  t.equal(next([team('a', used(2)), team('b', used(1))], [a, b]), 'start b on gpu-0', 'by usage');
  t.equal(next([team('a', { ...used(2), weight: 3 }), team('b', used(1))], [a, b]), 'start a on gpu-0', 'by its weight');
  const users = [{ id: 'x', usage: HOUR, lastTurn: null }, { id: 'y', usage: 0, lastTurn: null }];
  t.equal(next([team('a', { users })], [waiting('1', 'a', { user: 'x', priority: 9, ago: HOUR }), waiting('2', 'a', { user: 'y' })]), 'start 2 on gpu-0', 'then by user');
  t.equal(next([team('a')], [waiting('1', 'a', { ago: HOUR }), waiting('2', 'a', { priority: 1 })]), 'start 2 on gpu-0', 'then by priority');
  t.equal(next([team('a')], [waiting('1', 'a'), waiting('2', 'a', { ago: HOUR })]), 'start 2 on gpu-0', 'then by age');
});

t.test('one who has used little does not take everything at once', async (t) => {
  const devices = Array.from({ length: 4 }, (_, index) => gpu(`gpu-${index}`));
  const many = ['a', 'b'].flatMap((id) => [1, 2, 3, 4].map((number) => waiting(`${id}${number}`, id, { ago: HOUR - number })));
  const started = decided({ devices, teams: [team('a'), team('b', { usage: 5 * MINUTE })], waiting: many }).map((text) => text[6]);
  t.strictSame(started, ['a', 'b', 'a', 'b'], 'what it is given counts at once');
});

t.test('quotas hold a team back, and nobody else', async (t) => {
  const runs = [waiting('a1', 'a', { memoryMiB: 100, ago: 3 }), waiting('a2', 'a', { memoryMiB: 100, ago: 2 }), waiting('b1', 'b', { memoryMiB: 100, ago: 1 })];
  const teams = (of: Parameters<typeof team>[1]) => [team('a', of), team('b', used(1))];
  t.strictSame(decided({ teams: teams({ maxRuns: 1 }), waiting: runs }), ['start a1 on gpu-0', 'start b1 on gpu-0'], 'runs at once');
  t.strictSame(decided({ teams: teams({ budgetPerDay: 0 }), waiting: runs }), ['start b1 on gpu-0'], 'a day’s budget');
  t.strictSame(decided({ teams: teams({ storage: { bytes: 2, limitBytes: 1 } }), waiting: runs }), ['start b1 on gpu-0'], 'room for files');
  t.strictSame(decided({ teams: teams({ storage: { bytes: 1, limitBytes: 1 } }), waiting: runs.slice(0, 1), promised: runs.slice(0, 1) }), [], 'also where others made room');
  t.strictSame(decided({ teams: teams({ budgetPerDay: 0, maxRuns: 1 }), running: [running('r', 'a', ['gpu-1'])], waiting: runs.slice(0, 1), promised: runs.slice(0, 1) }).filter((text) => text.startsWith('start')), [], 'of two quotas each holds');
  const held = [running('r', 'b', ['gpu-0'])];
  t.strictSame(decided({ teams: [team('a', { budgetPerDay: 0 }), team('b', used(9))], running: held, waiting: [waiting('a1', 'a')] }), [], 'nobody makes room for it');
});

t.test('a team below its share gets devices back from one above', async (t) => {
  const scene = { devices: two, running: [running('b1', 'b', ['gpu-0']), running('b2', 'b', ['gpu-1'], { ago: 30 * MINUTE })], waiting: [waiting('a1', 'a')] };
  t.strictSame(decided(scene), ['preempt b2 for a1: share'], 'the run that started last makes room');
  t.strictSame(decided({ ...scene, running: scene.running.map((run) => ({ ...run, priority: run.id === 'b2' ? 10 : 0 })) }), ['preempt b1 for a1: share'], 'but one of less priority before it');
  t.strictSame(decided({ ...scene, running: scene.running.map((run) => ({ ...run, startedAt: NOW - MINUTE })) }), [], 'after a while only');
  t.strictSame(decided({ ...scene, running: scene.running.map((run) => ({ ...run, leaving: run.id === 'b1' })) }), [], 'nobody else does while one is about to');
  t.strictSame(decided({ ...scene, running: [running('b1', 'b', ['gpu-0']), running('a0', 'a', ['gpu-1'])] }), [], 'one who has its share waits');
  t.strictSame(decided({ ...scene, teams: [team('a', { weight: 0.1 }), team('b', used(1))] }), ['preempt b2 for a1: share'], 'a small share is had in turns');
  t.strictSame(decided({ ...scene, teams: [team('a', { weight: 0.1, ...used(1) }), team('b', used(1))] }), [], 'when it is one’s turn');
});

t.test('what is kept for a run is lent, and given back', async (t) => {
  const large = waiting('large', 'a', { devices: 2, ago: HOUR });
  const small = waiting('small', 'a', { ago: MINUTE });
  const other = running('r', 'a', ['gpu-0']);
  t.strictSame(decided({ devices: two, running: [other], waiting: [large, small] }), ['start small on gpu-1, lent by large']);
  t.strictSame(decided({ devices: two, running: [{ ...other, expectedEnd: NOW + MINUTE }], waiting: [large, small] }), [], 'not for a moment');
  t.strictSame(decided({ devices: two, running: [running('small', 'a', ['gpu-1'], { lentBy: 'large', ago: MINUTE })], waiting: [large] }), ['preempt small for large: loan'], 'as soon as it could start');
  t.strictSame(decided({ devices: [...two, gpu('gpu-2', { box: 'other' })], running: [other], waiting: [large, small] }), ['start small on gpu-2'], 'what is not kept is not lent');
});

t.test('who has waited too long is next, whatever was used', async (t) => {
  const teams = [team('a', used(100)), team('b')];
  const [old, young] = [waiting('a1', 'a', { ago: 13 * HOUR }), waiting('b1', 'b')];
  t.strictSame(decided({ teams, waiting: [old, young] }), ['start a1 on gpu-0']);
  const served = [team('a', { ...used(100), users: [{ id: 'someone', usage: 0, lastTurn: NOW - HOUR }] }), team('b')];
  t.strictSame(decided({ teams: served, waiting: [old, young] }), ['start b1 on gpu-0'], 'not with each of many runs');
  const taken = running('b0', 'b', ['gpu-0'], { ago: 5 * HOUR });
  t.strictSame(decided({ teams, running: [taken], waiting: [old] }), [], 'a run is left in peace for a turn');
  t.strictSame(decided({ teams, running: [{ ...taken, startedAt: NOW - 6 * HOUR }], waiting: [old] }), ['preempt b0 for a1: turn'], 'and makes room then');
});

t.test('no more runs make room than are needed', async (t) => {
  const held = [running('b1', 'b', ['gpu-0'], { request: { memoryMiB: 200 }, ago: HOUR - 2 }), running('b2', 'b', ['gpu-0'], { request: { memoryMiB: 700 }, ago: HOUR - 1 })];
  t.strictSame(decided({ teams: [team('a'), team('b', used(1))], running: held, waiting: [waiting('a1', 'a', { memoryMiB: 700 })] }), ['preempt b2 for a1: share']);
});

t.test('what fits on no device holds nobody up', async (t) => {
  t.strictSame(decided({ waiting: [waiting('huge', 'a', { memoryMiB: 5000, ago: HOUR }), waiting('w', 'a')] }), ['start w on gpu-0']);
});

t.test('room goes to the one for whom it was made', async (t) => {
  const a1 = waiting('a1', 'a');
  const teams = [team('a', used(10)), team('b', used(2))];
  const before = { devices: two, teams, running: [running('b1', 'b', ['gpu-0']), running('b2', 'b', ['gpu-1'], { ago: 30 * MINUTE })], waiting: [a1] };
  t.strictSame(decided(before), ['preempt b2 for a1: share'], 'a share is a share, also of one who has used more');
  const after = { ...before, running: before.running.slice(0, 1), waiting: [a1, waiting('b2', 'b', { ago: 0 })] };
  t.strictSame(decided({ ...after, promised: [a1] }), ['start a1 on gpu-1'], 'and the others, who have used less, do not take it back');
  t.strictSame(decided({ ...after, running: [...after.running, running('a0', 'a', ['gpu-1'])], promised: [a1] }), [], 'once they have theirs, both have peace');
});

t.test('who asks for much is not passed for ever by small runs of their own', async (t) => {
  const large = waiting('large', 'a', { devices: 2, ago: 13 * HOUR });
  const state = { devices: two, running: [running('small', 'a', ['gpu-0'], { ago: HOUR })], waiting: [large, waiting('tiny', 'a', { memoryMiB: 10 })] };
  t.strictSame(decided(state)[0], 'start tiny on gpu-1, lent by large', 'they get what is kept for it on loan');
  const lent = running('tiny', 'a', ['gpu-1'], { lentBy: 'large', ago: MINUTE });
  t.strictSame(decided({ devices: two, running: [lent], waiting: [large] }), ['preempt tiny for large: loan'], 'and give it back');
});

t.test('a run that fits nowhere is no claim', async (t) => {
  const huge = waiting('huge', 'a', { memoryMiB: 5000, ago: 20 * HOUR });
  const old = waiting('old', 'a', { ago: 13 * HOUR });
  const teams = [team('a', used(100)), team('b')];
  t.strictSame(decided({ teams, waiting: [huge, old, waiting('b1', 'b')] }), ['start old on gpu-0'], 'the oldest of those that fit has waited too long');
  const [b1, b2] = [running('b1', 'b', ['gpu-0']), running('b2', 'b', ['gpu-1'])];
  const three = [team('a'), team('b', used(1)), team('c')];
  t.strictSame(decided({ devices: two, teams: three, running: [b1, b2], waiting: [waiting('c1', 'c', { memoryMiB: 5000 }), waiting('a1', 'a')] }), ['preempt b1 for a1: share'], 'nor to a share');
  t.strictSame(decided({ devices: [...two, gpu('cpu', { kind: 'cpu' })], teams: three, running: [b1, b2, running('c1', 'c', ['cpu'], { request: { kind: 'cpu' } })], waiting: [waiting('a1', 'a')] }), ['preempt b1 for a1: share'], 'and who uses CPUs has no share of the GPUs');
});

t.test('who is overdue is expected to be so for as long again', async (t) => {
  const large = waiting('large', 'a', { devices: 2, ago: HOUR });
  const overdue = (ms: number) => decided({ devices: two, running: [running('r', 'a', ['gpu-0'], { ago: 5 * HOUR, expectedEnd: NOW - ms })], waiting: [large, waiting('small', 'a')] });
  t.strictSame(overdue(MINUTE), []);
  t.strictSame(overdue(HOUR), ['start small on gpu-1, lent by large'], 'so that nothing rests for hours');
});

t.test('a run for which room is made counts against its quota', async (t) => {
  const devices = [...two, gpu('small', { memoryMiB: 100, box: 'other' })];
  const a1 = waiting('a1', 'a', { ago: HOUR });
  const teams = [team('a', { maxRuns: 1 }), team('b', used(1))];
  const runs = [running('b1', 'b', ['gpu-0']), running('b2', 'b', ['gpu-1'])];
  t.strictSame(decided({ devices, teams, running: runs, waiting: [a1, waiting('a2', 'a', { memoryMiB: 10 })] }), ['preempt b1 for a1: share'], 'a small one does not take its place');
  t.strictSame(decided({ devices, teams, running: runs.slice(1), waiting: [a1], promised: [a1] }), ['start a1 on gpu-0']);
});

t.test('when a day’s budget is spent, a team’s runs make room until tomorrow', async (t) => {
  t.strictSame(decided({ teams: [team('a', { budgetPerDay: 0 })], running: [running('r', 'a', ['gpu-0'])] }), ['preempt r: budget']);
});

t.test('what was lent to one is not claimed by another', async (t) => {
  const lent = running('lent', 'b', ['gpu-0'], { lentBy: 'gone', ago: MINUTE });
  t.strictSame(decided({ teams: [team('a'), team('b', used(1))], running: [lent], waiting: [waiting('a1', 'a')] }), []);
});

t.test('only those leave whose leaving is of use', async (t) => {
  const boxes = [gpu('x-0', { box: 'x' }), gpu('x-1', { box: 'x' }), gpu('y-0', { box: 'y' })];
  const runs = [running('y', 'b', ['y-0'], { ago: 20 * MINUTE }), running('x0', 'b', ['x-0'], { ago: 30 * MINUTE }), running('x1', 'b', ['x-1'], { ago: 40 * MINUTE })];
  const scene = { devices: boxes, teams: [team('a', { weight: 2 }), team('b', used(1))], running: runs, waiting: [waiting('a1', 'a', { devices: 2 })] };
  t.strictSame(decided(scene).sort(), ['preempt x0 for a1: share', 'preempt x1 for a1: share']);
});

t.test('one who waits for much does not keep others from what is theirs', async (t) => {
  const devices = [gpu('x-0', { box: 'x' }), gpu('x-1', { box: 'x' }), gpu('y-0', { box: 'y' })];
  const runs = [running('b1', 'b', ['x-0']), running('b2', 'b', ['x-1']), running('b3', 'b', ['y-0'])];
  const young = runs.map((run) => (run.id === 'b1' ? { ...run, startedAt: NOW - MINUTE } : run));
  const scene = { devices, teams: [team('a'), team('b', used(2)), team('c', used(1))], running: young, waiting: [waiting('a1', 'a', { devices: 2 }), waiting('c1', 'c')] };
  t.strictSame(decided(scene), ['preempt b3 for c1: share']);
});
