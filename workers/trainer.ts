// A trainer: trains one run attempt and exits. Started by a supervisor with an IPC channel, over which it
// is told what to do and says how it goes. It knows no database, no queue and no settings.
import { getPriority, setPriority } from 'node:os';
import { PAUSE } from '../src/ml/train-state.js';
import type { TrainerCommand, TrainerMessage } from '../src/schemas/ipc.js';
import { startPulse } from './pulse.js';

/** What computes all the time leaves the rest of the service, which only answers, the core that it asks for. Of 20 that there are. */
const NICENESS = 5;

const abort = new AbortController();

/** Resolves when the supervisor's end of the channel has it. */
function send(message: TrainerMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) reject(new Error('a trainer is started by a supervisor'));
    else process.send(message, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}

async function start(command: Extract<TrainerCommand, { type: 'start' }>): Promise<void> {
  // Not loaded before, as it takes a second, and more on a busy box: the pulse is not to wait for it.
  const { trainAttempt } = await import('./train-attempt.js');
  const ended = await trainAttempt(command, { send: (message) => void send(message).catch(() => undefined), signal: abort.signal });
  await send(ended);
  process.exit(0);
}

process.on('message', (command: TrainerCommand) => {
  if (command.type === 'cancel') abort.abort();
  else if (command.type === 'pause') abort.abort(PAUSE);
  else start(command).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
// The supervisor has gone: what is computed now reaches nobody.
process.on('disconnect', () => process.exit(1));
// Stopping is the supervisor's business.
process.on('SIGINT', () => undefined);
if (process.send === undefined) {
  console.error('a trainer is started by a supervisor, with an IPC channel');
  process.exit(1);
}
// Threads have that of who starts them: none of the engine's is there yet.
if (getPriority() < NICENESS) setPriority(NICENESS);
startPulse();
