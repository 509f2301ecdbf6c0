// What clients may do with runs. Routes call this and nothing below it.
import { createHash } from 'node:crypto';
import { ServiceError } from '../errors.js';
import { START_STATE, type ArtifactRepository } from '../artifacts/artifact-repository.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { DatasetCatalog } from '../datasets/catalog.js';
import { databaseError, isUniqueViolation } from '../db/client.js';
import { decodeCursor, encodeCursor, UUID } from '../id-cursor.js';
import type { Bus } from '../live/bus.js';
import type { EventLog } from '../live/event-log.js';
import type { RunQueue } from '../queue/queue.js';
import type { Plan } from '../schemas/plan.js';
import type { QueueOutlook } from '../schemas/queue.js';
import type { RunSpec } from '../schemas/spec.js';
import { hasEnded, type RunState } from '../portable/run-states.js';
import type { Run, RunExtension, RunMove, RunNotes } from '../schemas/run.js';
import { flattenHyperparameters } from '../specs/hyperparameters.js';
import { planSubmission, type PlanLimits } from '../specs/plan-submission.js';
import { formatBytes } from '../specs/memory.js';
import type { UsageRepository } from '../usage/repository.js';
import type { Reader } from '../identity/principal.js';
import { findForkSource } from './forks.js';
import type { Lifecycle } from './lifecycle.js';
import { ForkGoneError, type RunFilter, type RunRepository } from './run-repository.js';
import { NEXT_STATES } from '../run-states.js';

export interface RunServiceOptions {
  runs: RunRepository;
  artifacts: ArtifactRepository;
  events: Pick<EventLog, 'read'>;
  store: ArtifactStore;
  queue: RunQueue;
  bus: Bus;
  lifecycle: Lifecycle;
  datasets: DatasetCatalog;
  limits: PlanLimits;
  usage: Pick<UsageRepository, 'teamStorage'>;
  /** How the run would stand in the queue. */
  outlook(owner: Owner, spec: RunSpec, plan: Plan): Promise<QueueOutlook>;
  /** Runs that wait have changed places. */
  onReordered(): void;
  onError: (error: unknown, what: string) => void;
}

export interface RunListQuery {
  filter: RunFilter;
  order: 'newest' | 'oldest';
  limit: number;
  cursor?: string;
}

export interface Owner {
  teamId: string;
  /** Who submits; absent where nobody is known. */
  userId?: string | undefined;
}

export type RunService = ReturnType<typeof createRunService>;

/** Canonical enough to compare two bodies of one client: key order does not count. */
function fingerprintOf(value: unknown): string {
  const ordered = JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
  return createHash('sha256').update(ordered ?? 'null').digest('hex');
}

/** What a run may be asked to do: at once where it rests, else when its trainer has stopped. */
const WISHES = {
  cancel: { asking: 'cancelling', done: 'cancelled', resting: ['queued', 'lost', 'paused'], reason: 'user_cancel', message: 'cancelled on request', refusal: 'run_not_active' },
  pause: { asking: 'pausing', done: 'paused', resting: ['queued', 'lost'], reason: 'user_pause', message: 'paused on request', refusal: 'run_not_pausable' },
} as const;
type Wish = keyof typeof WISHES;

export function createRunService({ runs, artifacts, events, store, queue, bus, lifecycle, datasets, limits, usage, outlook, onReordered, onError }: RunServiceOptions) {
  async function get(teamId: string, id: string): Promise<Run> {
    const run = await runs.find(teamId, id);
    if (run === null) throw new ServiceError('not_found', `There is no run ${id}.`);
    return run;
  }

  /** The run that an Idempotency-Key made before; null when the key is new. */
  async function earlier(teamId: string, idempotency: { key: string; fingerprint: string }): Promise<Run | null> {
    const known = await runs.findIdempotent(teamId, idempotency.key);
    if (known === null) return null;
    if (known.fingerprint !== idempotency.fingerprint) throw new ServiceError('idempotency_mismatch');
    return get(teamId, known.runId);
  }

  async function planned(teamId: string, body: unknown) {
    const { parent, fork, problems } = await findForkSource(teamId, body, { runs, artifacts });
    const submission = planSubmission(body, datasets, limits, parent);
    if (problems.length === 0) return { ...submission, fork };
    const { plan } = submission;
    return { ...submission, fork, plan: { ...plan, valid: false, problems: [...problems, ...plan.problems] } };
  }

  /** Whether a run that is resumed has nothing to go on from yet. @throws ServiceError run_not_resumable where it had, and would lose what was done */
  async function mustBegin({ id, forkedFrom }: Run): Promise<boolean> {
    if ((await artifacts.resumeCheckpoints(id)).length > 0) return false;
    const { items } = await events.read(id, { after: 0, limit: 1, kinds: ['checkpoint'] });
    if (items.length > 0) throw new ServiceError('run_not_resumable', `The training states of run ${id} were deleted; submit its spec again to train it from the start.`);
    if (forkedFrom !== null && (await artifacts.find(id, START_STATE)) === null) throw new ServiceError('run_not_resumable', `The weights that run ${id} starts with were deleted.`);
    return true;
  }

  /** In words, where a team's files are over its quota; null where they are not. */
  async function overQuota(teamId: string): Promise<string | null> {
    const { bytes, limitBytes } = await usage.teamStorage(teamId);
    if (limitBytes === null || bytes < limitBytes) return null;
    return `The team's files take ${formatBytes(bytes)}, and its quota is ${formatBytes(limitBytes)}; delete some runs or files first.`;
  }

  /** What trains writes files. @throws ServiceError quota_spent */
  async function refuseOverQuota(teamId: string): Promise<void> {
    const words = await overQuota(teamId);
    if (words !== null) throw new ServiceError('quota_spent', words);
  }

  /** What stands in the way of a valid plan, for now or for good. */
  async function obstaclesTo(teamId: string, queue: QueueOutlook | null): Promise<Plan['warnings']> {
    const words = await overQuota(teamId);
    return [
      ...(queue?.reason.code === 'too_large' ? [{ pointer: '/resources', detail: queue.reason.message }] : []),
      ...(words === null ? [] : [{ pointer: '', detail: `would be refused: ${words}` }]),
    ];
  }

  /** It reads everything again every few seconds, so a lost word is only late. */
  async function reordered(runId: string): Promise<void> {
    onReordered();
    await tellScheduler(runId);
  }

  const tellScheduler = (runId: string) => bus.sendCommand({ type: 'arrived', runId }).catch((error: unknown) => onError(error, 'telling the scheduler'));

  /** Null when the state has changed in between. */
  async function askOnce(teamId: string, id: string, wish: Wish): Promise<Run | null> {
    const { asking, done, resting, reason, message, refusal } = WISHES[wish];
    const run = await get(teamId, id);
    if (run.state === asking || (run.state === done && !hasEnded(done))) return run;
    const isResting = (resting as readonly RunState[]).includes(run.state);
    if (!isResting && !NEXT_STATES[run.state].includes(asking)) throw new ServiceError(refusal, `Run ${id} is ${run.state}.`);
    const changed = await runs.change(id, { to: isResting ? done : asking, from: [run.state], attempt: run.attempt, reason, message });
    if (changed === null) return null;
    await lifecycle.announce(changed);
    // The supervisor also reads the state at its next heartbeat, so a lost command is only a late one.
    if (!isResting) await bus.sendCommand({ type: wish, runId: id }).catch((error: unknown) => onError(error, 'sendCommand'));
    return changed.run;
  }

  /** A state may change between the reading and the compare-and-set; each retry meets a later one, and lives are short. */
  async function ask(teamId: string, id: string, wish: Wish): Promise<Run> {
    for (let tries = 0; tries < 8; tries += 1) {
      const run = await askOnce(teamId, id, wish);
      if (run !== null) return run;
    }
    return get(teamId, id);
  }

  return {
    /** A run of one's own team. @throws ServiceError not_found */
    get,

    /** A run that one may look at. @throws ServiceError not_found */
    async see(reader: Reader, id: string): Promise<Run> {
      const run = await runs.findReadable(reader, id);
      if (run === null) throw new ServiceError('not_found', `There is no run ${id}.`);
      return run;
    },

    /** @throws ServiceError not_found */
    async annotate(teamId: string, id: string, { tags, ...rest }: RunNotes): Promise<Run> {
      const run = await runs.annotate(teamId, id, { ...rest, ...(tags === undefined ? {} : { tags: tags ?? [] }) });
      if (run === null) throw new ServiceError('not_found', `There is no run ${id}.`);
      if (rest.priority !== undefined) await reordered(id);
      return run;
    },

    /** Puts a run that waits before another of the same user. @throws ServiceError not_found, run_not_queued */
    async move(teamId: string, id: string, { before }: RunMove): Promise<Run> {
      const [run, other] = [await get(teamId, id), await get(teamId, before)];
      const moved = await runs.lineUp(teamId, id, before);
      if (moved === null) {
        const resting = [run, other].find(({ state }) => state !== 'queued');
        throw new ServiceError('run_not_queued', resting !== undefined ? `Run ${resting.id} is ${resting.state}.` : id === before ? 'A run cannot be moved before itself.' : 'The two are of different users; who of them is next is for their shares to say.');
      }
      await reordered(id);
      return moved;
    },

    /** @throws ServiceError database_unavailable */
    async maySee(reader: Reader, id: string): Promise<boolean> {
      if (!UUID.test(id)) return false;
      return (await runs.findReadable(reader, id).catch((error: unknown) => Promise.reject(databaseError(error)))) !== null;
    },

    /** Of these runs, those that the reader may see. @throws ServiceError database_unavailable */
    async seen(reader: Reader, ids: readonly string[]): Promise<Set<string>> {
      const asked = [...new Set(ids)].filter((id) => UUID.test(id));
      if (asked.length === 0) return new Set();
      return new Set(await runs.findSeen(reader, asked).catch((error: unknown) => Promise.reject(databaseError(error))));
    },

    /** All that can be known before training; never rejects for a bad spec, the plan lists its problems. */
    async plan(owner: Owner, body: unknown): Promise<Plan> {
      const { spec, plan } = await planned(owner.teamId, body);
      if (spec === null || !plan.valid) return { ...plan, queue: null };
      // A plan without it is better than none.
      const queue = await outlook(owner, spec, plan).catch((error: unknown) => {
        onError(error, 'looking how a planned run would stand in the queue');
        return null;
      });
      return { ...plan, warnings: [...plan.warnings, ...(await obstaclesTo(owner.teamId, queue))], queue };
    },

    /**
     * Checks, stores and queues a run. `created` is false when the idempotency key had made it before.
     * @throws ServiceError invalid_spec, impossible_spec, idempotency_mismatch, queue_unavailable
     */
    async submit({ teamId, userId }: Owner, body: unknown, idempotencyKey?: string): Promise<{ run: Run; created: boolean }> {
      const idempotency = idempotencyKey === undefined ? undefined : { key: idempotencyKey, fingerprint: fingerprintOf(body) };
      if (idempotency !== undefined) {
        const run = await earlier(teamId, idempotency);
        if (run !== null) return { run, created: false };
      }
      const { spec, recipe, plan, malformed, fork } = await planned(teamId, body);
      if (spec === null || plan.problems.length > 0) {
        throw new ServiceError(malformed ? 'invalid_spec' : 'impossible_spec', undefined, { problems: plan.problems });
      }
      await refuseOverQuota(teamId);
      // Asked before the row exists, so that a 503 means that nothing was kept.
      await queue.ping();
      const name = spec.name ?? recipe ?? `${spec.dataset.name} run`;
      try {
        const changed = await runs.create({ teamId, ...(userId === undefined ? {} : { userId }), name, recipe, spec, plan, hyperparameters: flattenHyperparameters(spec), ...(fork ? { fork } : {}), ...(idempotency ? { idempotency } : {}) });
        const { run } = changed;
        await lifecycle.announce(changed);
        // The row is the truth, which the scheduler reads every few seconds: should this fail, it is only late.
        await queue.enqueue({ runId: run.id, attempt: 1 }).catch((error: unknown) => onError(error, 'enqueue'));
        return { run, created: true };
      } catch (error) {
        if (error instanceof ForkGoneError) throw new ServiceError('impossible_spec', undefined, { problems: [{ pointer: '/fork', detail: 'the training state was deleted' }] });
        if (idempotency === undefined || !isUniqueViolation(error)) throw error;
        const run = await earlier(teamId, idempotency);
        if (run === null) throw new ServiceError('idempotency_conflict');
        return { run, created: false };
      }
    },

    async list(teamId: string, { filter, order, limit, cursor }: RunListQuery): Promise<{ items: Run[]; nextCursor: string | null }> {
      const found = await runs.list(teamId, { filter, order, limit: limit + 1, ...(cursor === undefined ? {} : { after: decodeCursor(cursor) }) });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items, nextCursor: found.length > limit && last !== undefined ? encodeCursor(last.id) : null };
    },

    async getPlan(id: string): Promise<Plan> {
      const plan = await runs.findPlan(id);
      if (plan === null) throw new ServiceError('not_found', `There is no run ${id}.`);
      return plan;
    },

    /** Idempotent; the run ends as soon as its trainer has stopped between two batches. @throws ServiceError not_found, run_not_active */
    cancel: (teamId: string, id: string): Promise<Run> => ask(teamId, id, 'cancel'),

    /** Idempotent; a training run stops between two batches, with all that it goes on from kept. @throws ServiceError not_found, run_not_pausable */
    pause: (teamId: string, id: string): Promise<Run> => ask(teamId, id, 'pause'),

    /** Puts a run that was paused or cancelled, or has failed, back into the queue. @throws ServiceError not_found, run_not_resumable */
    async resume(teamId: string, id: string): Promise<Run> {
      const run = await get(teamId, id);
      await refuseOverQuota(teamId);
      const mayResume = run.state === 'paused' || run.state === 'failed' || run.state === 'cancelled';
      const message = mayResume && (await mustBegin(run)) ? 'resumed on request, from the start: there is no training state' : 'resumed on request';
      const resumed = mayResume ? await lifecycle.takeUp(run, { reason: 'user_resume', message }) : null;
      if (resumed === null) throw new ServiceError('run_not_resumable', `Run ${id} is ${(await get(teamId, id)).state}.`);
      return resumed;
    },

    /**
     * Lets a run that has succeeded go on for more epochs. `replayed` is true when the idempotency key had done so before.
     * @throws ServiceError not_found, run_not_extendable, impossible_spec, idempotency_mismatch
     */
    async extend(teamId: string, id: string, { epochs }: RunExtension, idempotencyKey?: string): Promise<{ run: Run; replayed: boolean }> {
      const idempotency = idempotencyKey === undefined ? undefined : { key: idempotencyKey, fingerprint: fingerprintOf({ extend: id, epochs }) };
      const known = idempotency === undefined ? null : await earlier(teamId, idempotency);
      if (known !== null) return { run: known, replayed: true };
      const run = await get(teamId, id);
      await refuseOverQuota(teamId);
      const [state] = await artifacts.resumeCheckpoints(id);
      if (run.state !== 'succeeded') throw new ServiceError('run_not_extendable', `Run ${id} is ${run.state}.`);
      if (state === undefined) throw new ServiceError('run_not_extendable', `The training states of run ${id} were deleted.`);
      const spec = { ...run.spec, fit: { ...run.spec.fit, epochs: state.epoch + epochs } };
      const { plan } = planSubmission(spec, datasets, limits);
      if (plan.problems.length > 0) {
        const problems = plan.problems.map(({ pointer, detail }) => (pointer === '/fit/epochs' ? { pointer: '/epochs', detail: `${detail}, and ${state.epoch} ${state.epoch === 1 ? 'is' : 'are'} done` } : { pointer: '', detail }));
        throw new ServiceError('impossible_spec', undefined, { problems });
      }
      const takeUp = () => lifecycle.takeUp(run, { reason: 'user_extend', message: `${epochs} more epoch${epochs === 1 ? '' : 's'} on request`, extension: { spec, plan, after: state.epoch, ...(idempotency === undefined ? {} : { idempotency: { teamId, ...idempotency } }) } });
      const extended = await takeUp().catch((error: unknown) => {
        if (idempotency !== undefined && isUniqueViolation(error)) return null; // the same request, at the same time
        throw error;
      });
      if (extended !== null) return { run: extended, replayed: false };
      const other = idempotency === undefined ? null : await earlier(teamId, idempotency);
      if (other !== null) return { run: other, replayed: true };
      throw new ServiceError('run_not_extendable', `Run ${id} is ${(await get(teamId, id)).state}.`);
    },

    /** Removes an ended run and frees the bytes that no other run uses. @throws ServiceError not_found, run_not_ended */
    async delete(teamId: string, id: string): Promise<void> {
      const run = await get(teamId, id);
      if (!hasEnded(run.state)) throw new ServiceError('run_not_ended', `Run ${id} is ${run.state}; cancel it first.`);
      const hashes = (await artifacts.list(id)).map((artifact) => artifact.sha256);
      if (!(await runs.delete(teamId, id))) throw new ServiceError('not_found', `There is no run ${id}.`);
      // The run is gone; bytes that cannot be freed now are no reason to say otherwise.
      await artifacts.free(hashes, (hash) => store.remove(hash)).catch((error: unknown) => onError(error, `freeing the bytes of run ${id}`));
    },
  };
}
