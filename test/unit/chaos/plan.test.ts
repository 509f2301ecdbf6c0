import t from 'tap';
import { FAULT_KINDS, FAULTS, STAGES } from '../../chaos/faults.js';
import { ALL_ABILITIES, EARLY_RUNS, planRound, ROUNDS_PER_STAGE, stageOf, startsAtStake, type Plan } from '../../chaos/plan.js';

const plans = (seed: number, count = 200) => Array.from({ length: count }, (_, index) => planRound(seed, index + 1, ALL_ABILITIES));
const kindsOf = ({ strikes }: Plan) => strikes.map(({ kind }) => kind);

t.test('a round can be repeated from its seed and number alone', async (t) => {
  t.strictSame(planRound(7, 13, ALL_ABILITIES), plans(7)[12]);
  t.notSame(kindsOf(planRound(8, 13, ALL_ABILITIES)), kindsOf(planRound(7, 13, ALL_ABILITIES)), 'another seed is another plan');
});

t.test('what a plan asks for is possible', async (t) => {
  const isPossible = ({ stage, runs, strikes }: Plan) =>
    runs.length >= 2 && runs.length <= 3 && strikes.length >= 2 && strikes.length <= 4 &&
    new Set(strikes.map(({ kind }) => kind)).size === strikes.length &&
    strikes.every(({ kind, when, pick, lastsMs }) =>
      FAULTS[kind].stages.includes(stage) && pick >= 0 && pick < 1 && lastsMs > 0 === (FAULTS[kind].lasts !== undefined) &&
      ('afterMs' in when ? when.afterMs >= 0 : when.run < EARLY_RUNS && when.share >= 0 && when.share <= 1));
  t.strictSame(plans(1).filter((plan) => !isPossible(plan)), []);
});

t.test('a service meets every kind of fault before one comes again', async (t) => {
  for (const [index, stage] of STAGES.entries()) {
    const rounds = plans(3).slice(index * ROUNDS_PER_STAGE, (index + 1) * ROUNDS_PER_STAGE);
    t.same([...new Set(rounds.map((plan) => plan.stage))], [stage]);
    const counts = FAULT_KINDS.filter((kind) => FAULTS[kind].stages.includes(stage)).map((kind) => rounds.flatMap(kindsOf).filter((one) => one === kind).length);
    t.ok(Math.max(...counts) - Math.min(...counts) <= 1, `on ${stage}: ${counts.join()}`);
  }
});

t.test('what cannot be done here is left out', async (t) => {
  const abilities = { stages: ['postgres', 'embedded'], kinds: FAULT_KINDS.filter((kind) => kind !== 'disk-full') } as const;
  const some = Array.from({ length: 60 }, (_, index) => planRound(1, index + 1, abilities));
  t.notOk(some.some((plan) => plan.stage === 'redis' || kindsOf(plan).some((kind) => kind === 'disk-full' || kind.startsWith('redis'))));
  t.equal(stageOf(ROUNDS_PER_STAGE + 1, abilities), 'embedded');
});

t.test('a run may lose a start for each fault that can take one, and for no other', async (t) => {
  const strike = (kind: (typeof FAULT_KINDS)[number]) => ({ kind, when: { afterMs: 0 }, pick: 0, lastsMs: 0 });
  const plan = (stage: Plan['stage'], ...kinds: (typeof FAULT_KINDS)[number][]): Plan => ({ seed: 1, round: 1, stage, runs: ['eager', 'eager'], strikes: kinds.map(strike) });
  t.equal(startsAtStake(plan('redis', 'database-kill', 'database-away', 'redis-loss', 'api-kill', 'pause', 'disk-full')), 0);
  t.equal(startsAtStake(plan('redis', 'trainer-kill', 'supervisor-freeze', 'tree-kill')), 3);
  t.equal(startsAtStake(plan('embedded', 'api-kill')), 1, 'in one tree the database goes with the API');
});
