// A process of the service that is started again whenever it ends, as its container would be
// (`restart: unless-stopped` in docker-compose.yml). What it says goes into a file.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

const RESTART_MS = 200;

export interface KeptProcessOptions {
  name: string;
  /** The compiled module that it runs. */
  module: string;
  env: NodeJS.ProcessEnv;
  logFile: string;
  /** What it says when it is up: whoever ends after that by itself has crashed. */
  readyWords: RegExp;
}

export class KeptProcess {
  readonly #options: KeptProcessOptions;
  readonly #log;
  readonly #crashes: string[] = [];
  readonly #asked = new Set<number>();
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isKept = true;

  constructor(options: KeptProcessOptions) {
    this.#options = options;
    this.#log = createWriteStream(options.logFile, { flags: 'a' });
    this.#start();
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** In order, by SIGTERM; it is started again afterwards. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null || child.pid === undefined) return;
    this.#asked.add(child.pid);
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }

  /** In order, for good; killed after `graceMs`. Answers null when it had to be, or was killed by somebody else, or is between two lives. */
  async end(graceMs: number): Promise<number | null> {
    this.#isKept = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null) return null;
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await this.stop();
    clearTimeout(timer);
    this.#log.end();
    return child.exitCode;
  }

  /** Takes what is to be said of lives that ended by themselves. */
  takeCrashes(): string[] {
    return this.#crashes.splice(0);
  }

  #start(): void {
    const { name, module, env, logFile, readyWords } = this.#options;
    const child = spawn(process.execPath, [module], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let isReady = false;
    this.#log.write(`--- pid ${child.pid} at ${new Date().toISOString()}\n`);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        isReady ||= readyWords.test(chunk.toString());
        if (!this.#log.writableEnded) this.#log.write(chunk);
      });
    }
    child.once('exit', (code, signal) => {
      this.#child = null;
      const wasAsked = this.#asked.delete(child.pid ?? 0);
      const isCrash = !wasAsked && signal !== 'SIGKILL' && isReady;
      if (isCrash) this.#crashes.push(`${name} ended by itself (${signal ?? `code ${code}`}); see ${logFile}`);
      if (this.#isKept) this.#timer = setTimeout(() => this.#start(), RESTART_MS);
    });
  }
}
