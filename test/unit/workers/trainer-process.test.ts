// Why a trainer died that did not say so itself.
import t from 'tap';
import { causeOfDeath, type TrainerExit } from '../../../workers/trainer-process.js';

const exit = (changes: Partial<TrainerExit>): TrainerExit => ({ code: null, signal: null, silentMs: null, lastWords: '', ...changes });

t.test('a cause of death from the exit and the last words', async (t) => {
  const cases: [string, Partial<TrainerExit>, string, string][] = [
    ['an exit without a word', { code: 3 }, 'trainer_lost', 'the trainer exited with code 3 before its run had ended'],
    ['an exit with code 0 is too early all the same', { code: 0 }, 'trainer_lost', 'the trainer exited with code 0 before its run had ended'],
    ['an uncaught error', { code: 1, lastWords: 'file:///x.js:1\n  throw new TypeError("no");\n  ^\n\nTypeError: no\n    at x (x.js:1:1)\n\nNode.js v20' }, 'trainer_lost', 'the trainer exited with code 1 before its run had ended: TypeError: no'],
    ['words without an error: the last three lines', { code: 1, lastWords: 'a\nb\n\nc\nd\n  \n' }, 'trainer_lost', 'the trainer exited with code 1 before its run had ended: b | c | d'],
    ['a crash', { signal: 'SIGSEGV' }, 'trainer_lost', 'the trainer died of SIGSEGV'],
    ['a crash with words', { signal: 'SIGABRT', lastWords: 'Assertion failed' }, 'trainer_lost', 'the trainer died of SIGABRT: Assertion failed'],
    [
      "a GPU's memory is full",
      { signal: 'SIGABRT', lastWords: 'vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY' },
      'out_of_gpu_memory',
      'the trainer ran out of GPU memory: vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY',
    ],
    ['killed from outside, whatever it had said', { signal: 'SIGKILL', lastWords: 'CUDA_ERROR_OUT_OF_MEMORY: out of memory' }, 'trainer_lost', 'the trainer was killed by SIGKILL; the system does that when memory runs out'],
    ['killed from outside', { signal: 'SIGKILL', lastWords: 'a harmless warning' }, 'trainer_lost', 'the trainer was killed by SIGKILL; the system does that when memory runs out'],
    ['frozen, and killed for it', { signal: 'SIGKILL', silentMs: 10_000 }, 'trainer_lost', 'the trainer was frozen: it gave no sign of life for 10 s and was killed'],
    [
      "V8's heap is full",
      { signal: 'SIGABRT', lastWords: '<--- Last few GCs --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----\n 1: 0xb7' },
      'out_of_memory',
      'the trainer ran out of memory: FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    ],
    ['no memory for a typed array', { code: 1, lastWords: 'RangeError: Array buffer allocation failed\n    at new ArrayBuffer' }, 'out_of_memory', 'the trainer ran out of memory: RangeError: Array buffer allocation failed'],
    ['no memory in native code', { signal: 'SIGABRT', lastWords: "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc" }, 'out_of_memory', "the trainer ran out of memory: terminate called after throwing an instance of 'std::bad_alloc' |   what():  std::bad_alloc"],
  ];
  for (const [what, changes, reason, message] of cases) t.strictSame(causeOfDeath(exit(changes)), { reason, message }, what);
});
