// A chart that takes long to draw is drawn less often.
import t from 'tap';
import { Pace } from '../../../src/dashboard/charts/pace.js';

t.test('what is drawn within a frame rests for none, what takes long rests for many times as long', async (t) => {
  let now = 0;
  let frame = () => {};
  const pace = new Pace((act) => void (frame = act), () => now);
  t.equal(pace.restMs, 0);
  pace.drawing();
  now = 16;
  frame();
  t.equal(pace.restMs, 0);
  pace.drawing();
  now = 16 + 77;
  frame();
  t.equal(pace.restMs, 500 - 77);
  now = 600;
  t.equal(pace.restMs, 0);
});
