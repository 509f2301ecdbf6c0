// A trainer child process as its supervisor sees it: typed messages out and in, and how it ended.
import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FailureReason } from '../src/schemas/run.js';
import type { TrainerCommand, TrainerMessage } from '../src/schemas/ipc.js';
import { exhaustedMemory } from './exhausted-memory.js';
import { PULSE_FD } from './pulse.js';
import { startTrainerWatchdog } from './trainer-watchdog.js';

export interface TrainerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It gave no sign of life for this long, in milliseconds, and was killed for it; null when it did. */
  silentMs: number | null;
  /** The end of what it wrote to stderr. */
  lastWords: string;
}

export interface TrainerProcess {
  readonly pid: number | undefined;
  send(command: TrainerCommand): void;
  kill(): void;
  /** Resolves when the process is gone and every message it sent has been handed over. */
  readonly exited: Promise<TrainerExit>;
}

export interface TrainerProcessOptions {
  /** Module to run; the real trainer when absent. Tests give ones that misbehave. */
  module?: string;
  env: NodeJS.ProcessEnv;
  /** How long it may be without a pulse before it is killed. */
  silenceMs: number;
  onMessage(message: TrainerMessage): void;
  onOutput(line: { stream: 'stdout' | 'stderr'; text: string }): void;
}

const TRAINER_MODULE = fileURLToPath(new URL('./trainer.js', import.meta.url));
const LAST_WORDS_LENGTH = 2_000;
/** Looks for a pulse before a silent trainer is killed. Counted, as time also passes while this process is frozen itself. */
const LOOKS = 5;

export function startTrainerProcess(options: TrainerProcessOptions): TrainerProcess {
  const child: ChildProcess = fork(options.module ?? TRAINER_MODULE, [], {
    env: options.env,
    // Flags of ours, a debugger's say, are not for it.
    execArgv: [],
    serialization: 'advanced',
    // Its own process group: Ctrl-C in a terminal reaches the service, which then stops things in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
  });
  let lastWords = '';
  let silentMs: number | null = null;
  for (const stream of ['stdout', 'stderr'] as const) {
    const readable = child[stream];
    if (readable === null) continue;
    createInterface({ input: readable }).on('line', (text) => {
      if (stream === 'stderr') lastWords = `${lastWords}${text}\n`.slice(-LAST_WORDS_LENGTH);
      options.onOutput({ stream, text });
    });
  }
  child.on('message', (message) => options.onMessage(message as TrainerMessage));
  const stopWatching = watchPulse(child, options.silenceMs, () => {
    silentMs = options.silenceMs;
    child.kill('SIGKILL');
  });

  const exited = new Promise<TrainerExit>((resolve) => {
    child.once('error', (error) => {
      lastWords = `${lastWords}${error.message}\n`;
      if (child.pid === undefined) resolve({ code: null, signal: null, silentMs, lastWords });
    });
    // `close` comes after stdio has ended; messages come before it.
    child.once('close', (code, signal) => resolve({ code, signal, silentMs, lastWords: lastWords.trim() }));
  });
  void exited.then(stopWatching);
  if (child.pid !== undefined) void exited.then(startTrainerWatchdog(child.pid, options.env));

  return {
    pid: child.pid,
    // A child that has just died cannot be told anything; its exit is handled elsewhere.
    send: (command) => void (child.connected && child.send(command, () => undefined)),
    kill: () => void child.kill('SIGKILL'),
    exited,
  };
}

function watchPulse(child: ChildProcess, silenceMs: number, onSilent: () => void): () => void {
  let missed = 0;
  child.stdio[PULSE_FD]?.on('data', () => (missed = 0));
  const looks = setInterval(() => {
    missed += 1;
    if (missed === LOOKS) onSilent();
  }, silenceMs / LOOKS);
  return () => clearInterval(looks);
}

/** Why a trainer died that did not say so itself. */
export function causeOfDeath(exit: TrainerExit): { reason: FailureReason; message: string } {
  const lines = exit.lastWords.split('\n').filter((line) => line.trim() !== '');
  const said = lines.find((line) => /^(\w*Error|FATAL ERROR)\b/.test(line)) ?? lines.slice(-3).join(' | ');
  const tail = said === '' ? '' : `: ${said}`;
  if (exit.silentMs !== null) {
    return { reason: 'trainer_lost', message: `the trainer was frozen: it gave no sign of life for ${exit.silentMs / 1000} s and was killed` };
  }
  const exhausted = exit.signal === 'SIGKILL' ? null : exhaustedMemory(exit.lastWords, null);
  if (exhausted !== null) return { reason: exhausted, message: `the trainer ran out of ${exhausted === 'out_of_memory' ? '' : 'GPU '}memory${tail}` };
  if (exit.signal === 'SIGKILL') {
    return { reason: 'trainer_lost', message: 'the trainer was killed by SIGKILL; the system does that when memory runs out' };
  }
  if (exit.signal !== null) return { reason: 'trainer_lost', message: `the trainer died of ${exit.signal}${tail}` };
  return { reason: 'trainer_lost', message: `the trainer exited with code ${exit.code} before its run had ended${tail}` };
}
