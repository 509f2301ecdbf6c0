// One engine in a process of its own, for the whole bench. It is told what to do a line of JSON at a time, and
// answers a line of JSON; ours (train-engine.ts) and the Python ones (peers.py) understand the same.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mnistFolder } from '../../src/datasets/mnist.js';
import { packageRoot } from '../../src/paths.js';
import type { ModelName } from './train-models.js';

/** `model` makes it and takes leave of the one before; `examples` trains on the first ones, `epochs` times. */
export type ContestantCommand = { model: ModelName; batchSize: number } | { examples: number; epochs: number };
/** The first answer is `ready`, with a line for people, or `absent`, with the reason. */
export type ContestantAnswer = { ready: string } | { absent: string } | { seconds: number } | { error: string };

export const PEERS = ['keras', 'pytorch'];

export interface ContestantOptions {
  python: string;
  device: 'cpu' | 'webgpu' | 'cuda';
  /** The most examples of an epoch. */
  examples: number;
}

/** Why an engine cannot take part here. */
export class ContestantAbsent extends Error {}

const ENGINE = fileURLToPath(new URL('./train-engine.js', import.meta.url));
/** Python is not compiled, so it stays among the sources. */
const PEERS_SCRIPT = join(packageRoot, 'test', 'bench', 'peers.py');
const STDERR_CHARS = 2000;

function launch(name: string, { python, device, examples }: ContestantOptions): ChildProcess {
  // TensorFlow, also ours, is silent about what it was built with, and sees a GPU only where one was asked for.
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', KERAS_BACKEND: 'tensorflow', ...(device === 'cuda' ? {} : { CUDA_VISIBLE_DEVICES: '-1' }) };
  if (!PEERS.includes(name)) return spawn(process.execPath, [ENGINE, name], { stdio: 'pipe', env });
  return spawn(python, [PEERS_SCRIPT, name, '--data', mnistFolder(), '--examples', String(examples), '--device', device], { stdio: 'pipe', env });
}

export class Contestant {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  #about = '';
  #answered: ((answer: ContestantAnswer) => void) | null = null;
  #stderr = '';

  private constructor(name: string, process: ChildProcess) {
    this.name = name;
    this.#process = process;
    this.#exited = new Promise((resolve) => {
      process.once('error', (error) => this.#settle({ error: error.message }));
      process.once('close', (code, signal) => {
        this.#settle({ error: `it ended with ${code ?? signal}: ${this.#stderr.trim().split('\n').at(-1) ?? ''}` });
        resolve();
      });
    });
    process.stdin?.on('error', () => undefined); // the end of the process says it
    process.stderr?.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_CHARS)));
    if (process.stdout !== null) createInterface({ input: process.stdout }).on('line', (line) => this.#read(line));
  }

  /** Resolves when it is ready. @throws ContestantAbsent */
  static async start(name: string, options: ContestantOptions): Promise<Contestant> {
    const contestant = new Contestant(name, launch(name, options));
    const answer = await contestant.#next();
    if ('ready' in answer) {
      contestant.#about = answer.ready;
      return contestant;
    }
    await contestant.stop();
    throw new ContestantAbsent('absent' in answer ? answer.absent : 'error' in answer ? answer.error : 'it made no sense');
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** What computes, in words. */
  get about(): string {
    return this.#about;
  }

  /** Answers the seconds that the epochs took by the engine's own clock. @throws Error when the engine fails */
  async tell(command: ContestantCommand): Promise<number> {
    const answer = this.#next();
    if (this.#process.stdin?.writable !== true) throw new Error('it has ended');
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    const said = await answer;
    if ('seconds' in said) return said.seconds;
    throw new Error('error' in said ? said.error : 'it made no sense');
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL'); // it keeps nothing
    if (this.#process.pid !== undefined) await this.#exited;
  }

  #next(): Promise<ContestantAnswer> {
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  #settle(answer: ContestantAnswer): void {
    this.#answered?.(answer);
    this.#answered = null;
  }

  /** Libraries print as they please; only lines of JSON objects are answers. */
  #read(line: string): void {
    if (!line.startsWith('{')) return;
    try {
      this.#settle(JSON.parse(line) as ContestantAnswer);
    } catch {
      // somebody else's line
    }
  }
}
