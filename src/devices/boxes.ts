// What operators may do with boxes.
import { ServiceError } from '../errors.js';
import { createToken } from '../identity/token.js';
import type { Box, BoxPhase, CreatedBox } from '../schemas/box.js';
import type { Box as BoxRow, BoxRepository } from './box-repository.js';
import type { WorkerRepository } from './worker-repository.js';

export interface BoxService {
  list(): Promise<Box[]>;
  /** @throws ServiceError not_found */
  get(name: string): Promise<Box>;
  /** One that is to join, or to join again after it was removed, or has joined without a token. @throws ServiceError name_taken */
  create(name: string): Promise<CreatedBox>;
  /** @throws ServiceError not_found */
  tell(name: string, phase: BoxPhase): Promise<Box>;
  /** It can join no more under this name. @throws ServiceError not_found, box_in_use */
  remove(name: string): Promise<void>;
}

export interface BoxServiceOptions {
  boxes: BoxRepository;
  workers: Pick<WorkerRepository, 'listAlive'>;
  /** A supervisor that was not heard of for so long is gone. */
  leaseMs: number;
  onChanged(): void;
}

export function createBoxService({ boxes, workers, leaseMs, onChanged }: BoxServiceOptions): BoxService {
  async function show(rows: readonly BoxRow[]): Promise<Box[]> {
    const alive = new Set((await workers.listAlive(leaseMs)).map(({ box }) => box));
    const runs = await boxes.countRuns();
    return rows.map(({ name, phase, tokenHash, createdAt }) => ({ name, phase: phase as Box['phase'], alive: alive.has(name), runs: runs.get(name) ?? 0, hasToken: tokenHash !== null, createdAt: createdAt.toISOString() }));
  }

  const missing = (name: string) => new ServiceError('not_found', `There is no box ${name}.`);

  async function get(name: string): Promise<Box> {
    const row = await boxes.find(name);
    if (row === null || row.phase === 'removed') throw missing(name);
    return (await show([row]))[0]!;
  }

  return {
    list: async () => show(await boxes.list()),
    get,

    async create(name) {
      const { text, secretHash } = createToken('box');
      const row = await boxes.create({ name, tokenHash: secretHash });
      if (row === null) throw new ServiceError('name_taken');
      return { ...(await show([row]))[0]!, token: text };
    },

    async tell(name, phase) {
      if ((await boxes.setPhase(name, phase)) === null) throw missing(name);
      onChanged();
      return get(name);
    },

    async remove(name) {
      await get(name);
      if (!(await boxes.remove(name))) {
        const { runs } = await get(name);
        throw new ServiceError('box_in_use', `The box ${name} has ${runs} run${runs === 1 ? '' : 's'}; tell it to drain first.`);
      }
      onChanged();
    },
  };
}
