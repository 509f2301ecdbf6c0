// A small program that is run again and again and might hang, as whatever asks a driver does.
import { spawn, type ChildProcess } from 'node:child_process';

export interface Answer {
  /** Also of a program that failed: it may have said something before. */
  output: string;
  /** Null when it ended well. That of one that is not there has the code ENOENT. */
  failure: Error | null;
}

export interface BoundedProgram {
  /** Settles within the patience, whatever the program does; never rejects. */
  run(args: readonly string[]): Promise<Answer>;
  /** Ends it, with whatever it has started, for good: whoever was between two questions when it stopped starts nothing more. */
  stop(): void;
}

const MAX_OUTPUT = 1024 * 1024;

export function createBoundedProgram(program: string, { patienceMs, env }: { patienceMs: number; env: NodeJS.ProcessEnv }): BoundedProgram {
  let child: ChildProcess | null = null;
  let stopped = false;

  /** With whatever it has started: a script's own children would hold its output open. */
  function kill(): void {
    if (child?.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }

  function run(args: readonly string[]): Promise<Answer> {
    if (stopped) return Promise.resolve({ output: '', failure: new Error(`${program} is not asked any more`) });
    // Whoever waits for a broken driver cannot even be killed; one of them is enough.
    if (child !== null) return Promise.resolve({ output: '', failure: new Error(`${program} was killed and has still not ended`) });
    return new Promise((resolve) => {
      let [output, remarks] = ['', ''];
      const own = spawn(program, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
      child = own;
      const gone = () => {
        if (child === own) child = null;
      };
      const settle = (failure: Error | null) => {
        clearTimeout(timer);
        resolve({ output, failure });
      };
      const timer = setTimeout(() => {
        kill();
        // One that cannot be killed must not keep this process from ending.
        own.unref();
        own.stdout.destroy();
        own.stderr.destroy();
        settle(new Error(`${program} gave no answer within ${patienceMs} ms`));
      }, patienceMs);
      own.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (output.length < MAX_OUTPUT) output += text;
      });
      own.stderr.setEncoding('utf8').on('data', (text: string) => {
        remarks = `${remarks}${text}`.slice(0, 1_000);
      });
      own.once('error', (error) => {
        gone();
        settle(error);
      });
      own.once('exit', gone);
      own.once('close', (code, signal) => settle(code === 0 ? null : new Error(`${program} ended with ${signal ?? code}: ${firstLines(`${output}\n${remarks}`)}`)));
    });
  }

  return {
    run,
    stop() {
      stopped = true;
      kill();
    },
  };
}

const firstLines = (text: string) => text.split('\n').map((line) => line.trim()).filter((line) => line !== '').slice(0, 2).join(' | ').slice(0, 500);
