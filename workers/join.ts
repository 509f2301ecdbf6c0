// Whether this box may take part, asked when its supervisor starts and with each of its beats.
import { ConfigError } from '../src/config.js';
import type { Box, BoxRepository } from '../src/devices/box-repository.js';
import type { WorkerRepository } from '../src/devices/worker-repository.js';
import { isSecretOf, parseToken } from '../src/identity/token.js';

/** Thrown where it would be the same when asked again, until somebody changes what the service or the box is told. */
export class NotWelcomeError extends ConfigError {
  constructor(fault: string) {
    super([fault]);
    this.name = 'NotWelcomeError';
  }
}

export interface JoinOptions {
  box: string;
  host: string;
  /** What it shows. */
  token: string | null;
  /** It was started by the service itself. */
  isOwn: boolean;
  /** A supervisor that was not heard of for so long is gone. */
  leaseMs: number;
}

/** @throws NotWelcomeError, ConfigError */
export async function join({ boxes, workers }: { boxes: BoxRepository; workers: Pick<WorkerRepository, 'listAlive'> }, { box: name, host, token, isOwn, leaseMs }: JoinOptions): Promise<Box> {
  // Devices are known by the name of their box: two machines of one name would be given each other's runs.
  const namesake = (await workers.listAlive(leaseMs)).find((worker) => worker.box === name && worker.host !== host);
  if (namesake !== undefined) throw new ConfigError([`TRAINYARD_BOX: ${name} is the box of the host ${namesake.host}, which was heard of a moment ago; each machine has a name of its own`]);
  const box = await boxes.find(name);
  if (box === null) {
    // Else one that was removed would come back by another name.
    if (!isOwn && (await boxes.anyHasToken())) throw new NotWelcomeError(`TRAINYARD_WORKER_TOKEN: boxes join this service by a token, and there is no box ${name}; make it (POST /v1/boxes), and start its supervisor with the token that this answers`);
    return boxes.register(name);
  }
  if (box.phase === 'removed') throw new NotWelcomeError(`TRAINYARD_BOX: the box ${name} was removed from the service; it can be made anew (POST /v1/boxes)`);
  const shown = token === null ? null : parseToken(token);
  if (box.tokenHash !== null && (shown === null || !isSecretOf(shown.secret, box.tokenHash))) throw new NotWelcomeError(`TRAINYARD_WORKER_TOKEN: ${token === null ? 'is missing' : 'is not that'} of the box ${name}`);
  return box;
}

/**
 * A first token is for its next start; one that was removed and made anew is another box.
 * @param joined the box as it was then
 */
export function isStillWelcome(box: Box | null, joined: Box): boolean {
  if (box === null || box.phase === 'removed' || box.createdAt.getTime() !== joined.createdAt.getTime()) return false;
  return joined.tokenHash === null || box.tokenHash === joined.tokenHash;
}
