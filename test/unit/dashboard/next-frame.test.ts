// What is drawn with the next frame.
import { mock } from 'node:test';
import t from 'tap';
import { nextFrame } from '../../../src/dashboard/lib/next-frame.js';

t.test('it is drawn once a frame, and once a second where there are none', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const asked = new Map<number, () => void>();
  let count = 0;
  let drawn = 0;
  const drawing = nextFrame(() => (drawn += 1), { ask: (work) => (asked.set((count += 1), work), count), drop: (frame) => void asked.delete(frame) });
  const frame = () => [...asked.values()].forEach((work) => work());
  drawing.ask();
  drawing.ask();
  frame();
  t.same([drawn, count], [1, 1]);
  mock.timers.tick(2000);
  t.equal(drawn, 1, 'not once more for the second');
  for (let turn = 0; turn < 30; turn += 1) {
    drawing.ask();
    mock.timers.tick(100);
  }
  t.ok(drawn >= 3 && drawn <= 4, 'a hidden page has no frames');
  drawing.ask();
  drawing.drop();
  frame();
  const before = drawn;
  mock.timers.tick(2000);
  t.equal(drawn, before);
});
