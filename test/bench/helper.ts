// Part of a bench in a process of its own, which answers each question with one message.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Scope } from './scope.js';

export interface Helper<Question extends object, Answer> {
  pid: number;
  /** One question at a time. */
  ask(question: Question): Promise<Answer>;
}

/** @param module beside this one, such as `live-clients.js` */
export function startHelper<Question extends object, Answer>(scope: Scope, module: string): Helper<Question, Answer> {
  const child = fork(fileURLToPath(new URL(module, import.meta.url)), [], { serialization: 'advanced' });
  scope.teardown(() => void child.kill('SIGKILL')); // it keeps nothing
  return {
    pid: child.pid ?? 0,
    ask: (question) =>
      new Promise<Answer>((resolve, reject) => {
        const gone = (code: number | null) => reject(new Error(`${module} exited with ${code}`));
        child.once('exit', gone);
        child.once('message', (answer) => {
          child.off('exit', gone);
          resolve(answer as Answer);
        });
        child.send(question);
      }),
  };
}

/** The other side: what fails ends the process, with its words on stderr. */
export function answerWith<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  process.on('message', (question) => {
    answer(question as Question).then(
      (said) => process.send?.(said),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}
