// One question at a time, and always the latest.
import t from 'tap';
import { AskLoop } from '../../../../src/dashboard/pages/try/ask-loop.js';

function setUp() {
  const frames: (() => void)[] = [];
  const asked: { question: number; resolve(answer: string): void; reject(error: Error): void }[] = [];
  const told: unknown[] = [];
  const loop = new AskLoop<number, string>({
    ask: (question) => new Promise((resolve, reject) => asked.push({ question, resolve, reject })),
    onAnswer: (answer) => told.push(answer),
    onFault: (error) => told.push(error),
    frame: (work) => frames.push(work),
  });
  const settle = () => new Promise((done) => setImmediate(done));
  return { loop, asked, told, settle, nextFrame: async () => { frames.shift()?.(); await settle(); } };
}

t.test('what comes before the frame is one question', async (t) => {
  const { loop, asked, told, nextFrame, settle } = setUp();
  for (const question of [1, 2, 3]) loop.want(() => question);
  await nextFrame();
  t.same(asked.map(({ question }) => question), [3], 'the latest');
  loop.want(() => 4);
  loop.want(() => 5);
  await nextFrame();
  t.equal(asked.length, 1, 'the next waits for the answer');
  asked[0]!.resolve('three');
  await settle();
  await nextFrame();
  t.same(asked.map(({ question }) => question), [3, 5]);
  asked[1]!.reject(new Error('out of order'));
  await settle();
  t.match(told, ['three', { message: 'out of order' }]);
});

t.test('what is forgotten is neither asked nor told', async (t) => {
  const { loop, asked, told, nextFrame, settle } = setUp();
  loop.want(() => 1);
  await nextFrame();
  loop.want(() => 2);
  loop.forget();
  asked[0]!.resolve('one');
  await settle();
  t.same([told.length, asked.length], [0, 1]);
  loop.want(() => null);
  await nextFrame();
  loop.want(() => 3);
  await nextFrame();
  t.same(asked.map(({ question }) => question), [1, 3], 'nothing to ask is no question, and the next one comes all the same');
});
