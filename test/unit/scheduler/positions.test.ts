// Who stands where in line.
import fc from 'fast-check';
import t from 'tap';
import { decide } from '../../../src/scheduler/decide.js';
import { positionsOf } from '../../../src/scheduler/positions.js';
import { eachState, scene, SETTINGS as QUICK } from './random-scenes.js';
import { gpu, HOUR, MINUTE, NOW, running, SETTINGS, stateOf, team, waiting, type Scene } from './scenes.js';

const shown = (scene: Scene) => positionsOf(stateOf(scene), SETTINGS).map(({ runId, position, positionInTeam, heldBy }) => [runId, position, positionInTeam, ...(heldBy === null ? [] : [heldBy])]);

t.test('teams take turns, and in a team the priority counts', async (t) => {
  const runs = [waiting('a1', 'a', { ago: 3 * MINUTE }), waiting('a2', 'a', { priority: 1 }), waiting('a3', 'a', { ago: 2 * MINUTE }), waiting('b1', 'b'), waiting('b2', 'b', { ago: 0 })];
  t.strictSame(shown({ teams: [team('a'), team('b', { usage: MINUTE })], waiting: runs }), [['a2', 1, 1], ['b1', 2, 1], ['a1', 3, 2], ['b2', 4, 2], ['a3', 5, 3]]);
});

t.test('who may not start stands behind those who only wait for room', async (t) => {
  const runs = [waiting('a1', 'a', { ago: HOUR }), waiting('a2', 'a'), waiting('huge', 'b', { memoryMiB: 5000, ago: 2 * HOUR }), waiting('b1', 'b')];
  const teams = [team('a', { maxRuns: 1 }), team('b', { usage: HOUR })];
  t.strictSame(shown({ teams, waiting: runs }), [['a1', 1, 1], ['b1', 2, 1], ['a2', 3, 2, 'quota'], ['huge', 4, 2, 'size']]);
  t.strictSame(shown({ teams: [team('a', { budgetPerDay: 0 }), team('b')], waiting: runs }), [['b1', 1, 1], ['a1', 2, 1, 'quota'], ['a2', 3, 2, 'quota'], ['huge', 4, 2, 'size']]);
  t.strictSame(shown({ teams: [team('a', { storage: { bytes: 1, limitBytes: 1 } }), team('b')], waiting: runs }), [['b1', 1, 1], ['a1', 2, 1, 'quota'], ['a2', 3, 2, 'quota'], ['huge', 4, 2, 'size']]);
  t.strictSame(shown({ teams: [team('b')], waiting: runs.slice(1) }), [['b1', 1, 1], ['a2', 2, 1, 'quota'], ['huge', 3, 2, 'size']], 'a team that is not known starts nothing');
});

t.test('those for whom others made room, and those who have waited too long, are first', async (t) => {
  const [old, late, promised] = [waiting('old', 'a', { ago: 13 * HOUR }), waiting('late', 'b', { ago: HOUR }), waiting('promised', 'a', { user: 'other' })];
  t.strictSame(shown({ teams: [team('a', { usage: HOUR }), team('b')], waiting: [old, late, promised], promised: [promised] }), [['promised', 1, 1], ['old', 2, 2], ['late', 3, 1]]);
});

t.test('everybody has one place', async (t) => {
  let states = 0;
  fc.assert(
    fc.property(scene, (scene) => eachState(scene, (state) => {
      if (states++ % 3 !== 0) return;
      const all = state.lines.flatMap(({ runs }) => runs.map(({ id }) => id));
      const positions = positionsOf(state, QUICK);
      if (positions.map(({ runId }) => runId).sort().join() !== all.sort().join()) throw new Error('not everybody once');
      if (positions.some(({ position }, index) => position !== index + 1)) throw new Error('not in order');
      for (const { id } of state.teams) {
        const own = positions.filter(({ team }) => team === id);
        if (own.some(({ positionInTeam }, index) => positionInTeam !== index + 1)) throw new Error(`not in order within ${id}`);
      }
    })),
    { seed: 42, numRuns: 20 },
  );
  t.ok(states > 500, `in ${states} states`);
});

const member = fc.record({ team: fc.nat(3), user: fc.constantFrom('one', 'other', 'third'), priority: fc.nat(2), ago: fc.integer({ min: 0, max: 3 * HOUR }), isPromised: fc.boolean() });
const accounts = fc.record({ weight: fc.integer({ min: 1, max: 4 }), usage: fc.integer({ min: 0, max: 3 * HOUR }), maxRuns: fc.option(fc.integer({ min: 0, max: 4 })), isSpent: fc.constantFrom(false, false, false, true), isFull: fc.constantFrom(false, false, false, true), users: fc.array(fc.integer({ min: 0, max: HOUR }), { minLength: 3, maxLength: 3 }) });

t.test('as slots become free, they go to those who stand first', async (t) => {
  let started = 0;
  fc.assert(
    fc.property(fc.array(member, { minLength: 1, maxLength: 25 }), fc.array(accounts, { minLength: 4, maxLength: 4 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 4 }), (members, of, free, taken) => {
      const runs = members.map(({ team, user, priority, ago }, index) => waiting(`run ${index}`, `team ${team}`, { user, priority, ago }));
      // At most one: a promise counts in its team's quota until it is kept, which is a matter of the order among several.
      const promised = runs.filter((_, index) => members[index]!.isPromised).slice(0, 1);
      const teams = of.map(({ weight, usage, maxRuns, isSpent, isFull, users }, index) => team(`team ${index}`, { weight, usage, maxRuns, budgetPerDay: isSpent ? 0 : null, storage: isFull ? { bytes: 1, limitBytes: 1 } : null, users: ['one', 'other', 'third'].map((id, place) => ({ id, usage: users[place]!, lastTurn: null })) }));
      // Those that run are left in peace for long enough.
      const others = Array.from({ length: taken }, (_, index) => running(`other ${index}`, `team ${index % 2}`, [`taken-${index}`], { ago: MINUTE, expectedEnd: NOW + HOUR }));
      const devices = [...Array.from({ length: free }, (_, index) => gpu(`free-${index}`)), ...others.map(({ devices }) => gpu(devices[0]!))];
      const state = stateOf({ devices, teams, running: others, waiting: runs, promised });
      const settings = { ...SETTINGS, agingMs: 2 * HOUR };
      const starts = decide(state, settings).filter(({ type }) => type === 'start').map(({ runId }) => runId);
      const first = positionsOf(state, settings).filter(({ heldBy }) => heldBy === null).map(({ runId }) => runId);
      started += starts.length;
      if (starts.join() !== first.slice(0, starts.length).join()) throw new Error(`${starts.join()} start, and ${first.join()} stand in line`);
      const isFull = starts.length >= free;
      if (!isFull && starts.length < first.length) throw new Error('somebody stands before a free device');
    }),
    { seed: 42, numRuns: 400 },
  );
  t.ok(started > 500, `${started} were started`);
});
