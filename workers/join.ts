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
  /** A supervisor that was not heard of for so long is gone. */
  leaseMs: number;
}

/** @throws NotWelcomeError, ConfigError */
export async function join({ boxes, workers }: { boxes: BoxRepository; workers: Pick<WorkerRepository, 'listAlive'> }, { box: name, host, token, leaseMs }: JoinOptions): Promise<Box> {
  const box = await boxes.register(name);
  // Devices are known by the name of their box: two machines of one name would be given each other's runs.
  const namesake = (await workers.listAlive(new Date(Date.now() - leaseMs))).find((worker) => worker.box === name && worker.host !== host);
  if (namesake !== undefined) throw new ConfigError([`TRAINYARD_BOX: ${name} is the box of the host ${namesake.host}, which was heard of a moment ago; each machine has a name of its own`]);
  if (box.phase === 'removed') throw new NotWelcomeError(`TRAINYARD_BOX: the box ${name} was removed from the service; it can be made anew (POST /v1/boxes)`);
  const shown = token === null ? null : parseToken(token);
  if (box.tokenHash !== null && (shown === null || !isSecretOf(shown.secret, box.tokenHash))) throw new NotWelcomeError(`TRAINYARD_WORKER_TOKEN: ${token === null ? 'is missing' : 'is not that'} of the box ${name}`);
  return box;
}

/** @param joined the box as it was then */
export const isStillWelcome = (box: Box | null, joined: Box) => box !== null && box.phase !== 'removed' && box.tokenHash === joined.tokenHash;
