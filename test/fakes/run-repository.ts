// Runs in memory, by the same rules as in the database: compare-and-set on state and attempt, one transition
// and one event for each change.
import { START_STATE, type ResumePoint } from '../../src/artifacts/artifact-repository.js';
import { Prisma } from '../../src/db/client.js';
import { toMetricValues } from '../../src/metrics/values.js';
import { ForkGoneError, type Changed, type Extension, type RunRepository, type StateChange } from '../../src/runs/run-repository.js';
import { hasEnded, isHeld } from '../../src/portable/run-states.js';
import { statesBefore } from '../../src/run-states.js';
import { storable, storableText } from '../../src/db/storable-text.js';
import type { Run } from '../../src/schemas/run.js';
import type { FakeRecords, RunRecord } from './records.js';

const DAY_MS = 24 * 3600_000;

export function createFakeRunRepository(records: FakeRecords): RunRepository {
  const time = () => new Date(records.now()).toISOString();
  const found = (teamId: string, id: string): RunRecord | null => {
    const record = records.runs.get(id);
    return record?.teamId === teamId ? record : null;
  };

  return {
    async create({ teamId, name, recipe, spec, plan, idempotency, fork }): Promise<Changed> {
      await records.statement();
      if (idempotency !== undefined) refuseTaken(records, { teamId, ...idempotency });
      const source = fork === undefined ? undefined : records.runs.get(fork.runId)?.artifacts.get(fork.path);
      if (fork !== undefined && source === undefined) throw new ForkGoneError(fork.path);
      const id = records.nextId();
      const at = time();
      const run: Run = structuredClone({
        id, team: 'default', user: null, name, recipe, forkedFrom: fork === undefined ? null : { runId: fork.runId, step: fork.step }, spec, tags: spec.tags ?? [], priority: spec.priority ?? 0,
        state: 'queued', reason: null, message: null, attempt: 0, retries: 0, gradientAccumulationSteps: 1, engine: null, backend: null, device: null, placement: null,
        progress: { epoch: 0, epochs: spec.fit.epochs, step: 0, totalSteps: plan.totalSteps, examplesPerSecond: null },
        extendedAfter: null, metrics: {}, bestEpoch: null, bestMetrics: null, keptEpoch: null, head: 0, createdAt: at, queuedAt: at, startedAt: null, endedAt: null,
        transitions: [{ state: 'queued', reason: null, message: null, attempt: 0, at }],
      });
      const record: RunRecord = { teamId, run, plan: structuredClone(plan), leaseOwner: null, leaseExpiresAt: null, events: [], curves: new Map(), artifacts: new Map(source === undefined ? [] : [[START_STATE, { ...source, path: START_STATE }]]), checkpoints: new Map() };
      records.runs.set(id, record);
      if (idempotency !== undefined) remember(records, { teamId, ...idempotency }, id);
      const events = records.append(record, [{ kind: 'state', at, data: { state: 'queued', attempt: 0 } }]);
      return { run: structuredClone(run), events };
    },

    async findIdempotent(teamId, key) {
      await records.statement();
      const known = records.idempotencyKeys.get(byKey(teamId, key));
      if (known !== undefined && known.at < records.now() - DAY_MS) records.idempotencyKeys.delete(byKey(teamId, key));
      else if (known !== undefined) return { runId: known.runId, fingerprint: known.fingerprint };
      return null;
    },

    async find(teamId, id) {
      await records.statement();
      return structuredClone(found(teamId, id)?.run ?? null);
    },

    async findAny(id) {
      await records.statement();
      return structuredClone(records.runs.get(id)?.run ?? null);
    },

    async findReadable({ teamId, onlyRunId }, id) {
      await records.statement();
      return structuredClone((onlyRunId === null || onlyRunId === id ? found(teamId, id)?.run : null) ?? null);
    },

    async findSeen({ teamId, onlyRunId }, ids) {
      await records.statement();
      return ids.filter((id) => (onlyRunId === null || onlyRunId === id) && found(teamId, id) !== null);
    },

    findHidden: async () => [],

    timeOnDevices: async () => null,

    async findPlan(id) {
      await records.statement();
      return structuredClone(records.runs.get(id)?.plan ?? null);
    },

    async list(teamId, { filter, order, after, limit }) {
      await records.statement();
      const ascending = [...records.runs.values()].filter((record) => record.teamId === teamId).map((record) => record.run);
      return structuredClone(
        (order === 'newest' ? ascending.reverse() : ascending)
          .filter((run) => after === undefined || (order === 'newest' ? run.id < after : run.id > after))
          .filter((run) => filter.ids?.includes(run.id) ?? true)
          .filter((run) => filter.states === undefined || filter.states.includes(run.state))
          .filter((run) => !filter.tag || run.tags.includes(filter.tag))
          .filter((run) => !filter.recipe || run.recipe === filter.recipe)
          .filter((run) => !filter.dataset || run.spec.dataset.name === filter.dataset)
          .filter((run) => !filter.name || run.name.toLowerCase().includes(filter.name.toLowerCase()))
          .slice(0, limit),
      );
    },

    async change(id, change) {
      await records.statement();
      const record = records.runs.get(id);
      if (record === undefined || !allows(record, change)) return null;
      const { idempotency } = change.extension ?? {};
      if (idempotency !== undefined) remember(records, idempotency, id);
      return applyChange(records, record, change);
    },

    async lineUp(teamId, id, before) {
      await records.statement();
      const [record, other] = [found(teamId, id), found(teamId, before)];
      if (record?.run.state !== 'queued' || other?.run.state !== 'queued' || record === other) return null;
      record.run.priority = other.run.priority;
      return structuredClone(record.run);
    },

    async annotate(teamId, id, { name, tags, priority }) {
      await records.statement();
      const record = found(teamId, id);
      if (record === null) return null;
      if (name !== undefined) record.run.name = storableText(name);
      if (tags !== undefined) record.run.tags = tags.map(storableText);
      if (priority !== undefined) record.run.priority = priority;
      return structuredClone(record.run);
    },

    async setDevice({ runId, attempt }, device) {
      await records.statement();
      const record = records.runs.get(runId);
      if (record?.run.attempt === attempt) Object.assign(record.run, storable(device));
    },

    async delete(teamId, id) {
      await records.statement();
      const record = found(teamId, id);
      if (record === null || !hasEnded(record.run.state)) return false;
      for (const [key, { runId }] of records.idempotencyKeys) if (runId === id) records.idempotencyKeys.delete(key);
      return records.runs.delete(id);
    },

    async renewLeases(owner, ids, until) {
      await records.statement();
      const held = ids.map((id) => records.runs.get(id)).filter((record) => record?.leaseOwner === owner && isHeld(record.run.state)) as RunRecord[];
      for (const record of held) record.leaseExpiresAt = until;
      return new Map(held.map(({ run }) => [run.id, { state: run.state, leaving: null }]));
    },

    async findExpired(now) {
      await records.statement();
      return [...records.runs.values()]
        .filter(({ run, leaseExpiresAt }) => run.state === 'lost' || (isHeld(run.state) && leaseExpiresAt !== null && leaseExpiresAt < now))
        .map(({ run: { id, attempt, state } }) => ({ id, attempt, state }));
    },
  };
}

function allows({ run, leaseExpiresAt }: RunRecord, { to, from, attempt, expiredBefore, retriesBelow = Infinity }: StateChange): boolean {
  const hasExpired = expiredBefore === undefined || (leaseExpiresAt !== null && leaseExpiresAt < expiredBefore);
  return statesBefore(to).includes(run.state) && (from?.includes(run.state) ?? true) && (attempt === undefined || attempt === run.attempt) && hasExpired && run.retries < retriesBelow;
}

function applyChange(records: FakeRecords, record: RunRecord, { to, reason = null, set = {}, ...change }: StateChange): Changed {
  const { run } = record;
  const message = change.message ? storableText(change.message) : null;
  const at = new Date(records.now()).toISOString();
  Object.assign(run, { state: to, reason, message });
  const { leaseOwner, leaseExpiresAt, metrics, ...columns } = set;
  const isOther = set.bestEpoch !== undefined && set.bestEpoch !== run.bestEpoch;
  Object.assign(run, columns, isOther ? { bestMetrics: null } : {}, metrics === undefined ? {} : { metrics: toMetricValues(metrics) });
  if (to === 'starting') {
    const isGone = run.bestEpoch === null || run.bestEpoch > (change.resume?.epoch ?? 0);
    Object.assign(run, { startedAt: at, ...(isGone ? { bestEpoch: null, bestMetrics: null } : {}), metrics: change.resume?.metrics ?? {} });
    Object.assign(run.progress, { epoch: change.resume?.epoch ?? 0, step: change.resume?.step ?? 0, examplesPerSecond: null });
    if (change.resume !== undefined) rewind(record, change.resume);
  }
  if (change.retriesBelow !== undefined) run.retries += 1;
  if (leaseOwner !== undefined) record.leaseOwner = leaseOwner;
  if (leaseExpiresAt !== undefined) record.leaseExpiresAt = leaseExpiresAt;
  run.endedAt = hasEnded(to) ? at : null;
  if (to === 'queued') run.queuedAt = at;
  if (change.extension !== undefined) extend(record, change.extension);
  if (!isHeld(to) && to !== 'lost') Object.assign(record, { leaseOwner: null, leaseExpiresAt: null });
  run.transitions.push({ state: to, reason, message, attempt: run.attempt, at });
  const said = { state: to, attempt: run.attempt, ...(reason === null ? {} : { reason }), ...(message === null ? {} : { message }) };
  const place = { step: run.progress.step, ...(to === 'starting' && change.resume !== undefined ? { epoch: change.resume.epoch } : {}) };
  const data = { ...said, ...place };
  const events = records.append(record, [{ kind: 'state', at, data }]);
  return { run: structuredClone(run), events };
}

const byKey = (teamId: string, key: string) => `${teamId} ${key}`;

/** @throws as the database does */
function refuseTaken(records: FakeRecords, { teamId, key }: { teamId: string; key: string }): void {
  if (!records.idempotencyKeys.has(byKey(teamId, key))) return;
  throw new Prisma.PrismaClientKnownRequestError('Unique constraint failed', { code: 'P2002', clientVersion: 'fake' });
}

function remember(records: FakeRecords, { teamId, key, fingerprint }: { teamId: string; key: string; fingerprint: string }, runId: string): void {
  refuseTaken(records, { teamId, key });
  records.idempotencyKeys.set(byKey(teamId, key), { runId, fingerprint, at: records.now() });
}

function extend(record: RunRecord, { spec, plan, after }: Extension): void {
  record.plan = structuredClone(plan);
  Object.assign(record.run, { spec: structuredClone(spec), extendedAfter: after });
  Object.assign(record.run.progress, { epochs: spec.fit.epochs, totalSteps: plan.totalSteps });
}

/** The curves of the attempt before go on under the new one, up to the point. */
function rewind({ run, curves }: RunRecord, { step, epoch }: ResumePoint): void {
  const before = `${run.attempt - 1} `;
  for (const [name, { key, steps, values }] of [...curves].filter(([name]) => name.startsWith(before))) {
    const count = steps.filter((at) => at <= (key.startsWith('epoch/') ? epoch : step)).length;
    curves.delete(name);
    if (count > 0) curves.set(`${run.attempt} ${key}`, { key, steps: steps.slice(0, count), values: values.slice(0, count) });
  }
}
