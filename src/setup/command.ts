// Running other programs for a set-up command: their output is kept, and shown when they fail.
import { spawn } from 'node:child_process';

/** Ends a set-up command. The message says the cause and what to do about it. */
export class SetupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SetupError';
  }
}

export interface CommandResult {
  /** Null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  /** Whether output also goes to the terminal as it comes. */
  isShown?: boolean;
}

/** Runs a program to its end. Answers null when there is no such program. */
export function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] += text;
        if (options.isShown) process[stream].write(text);
      });
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    child.on('close', (code) => resolve({ code, ...output }));
  });
}

/** The last lines of a program's complaint, for an error message. */
export function lastWords({ stdout, stderr }: CommandResult, lines = 12): string {
  return (stderr.trim() || stdout.trim()).split('\n').slice(-lines).join('\n');
}
