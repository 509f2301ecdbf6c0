// A run as text in a terminal.
import t from 'tap';
import { epochLine, formatMetric, formatSeconds, imageLines, progressLine, type Progress } from '../../../src/demo/progress.js';

const progress = (changes: Partial<Progress> = {}): Progress => ({
  epoch: 2, epochs: 5, step: 50, stepsPerEpoch: 100, metrics: { loss: 0.25, accuracy: 0.9, val_loss: 7 }, examplesPerSecond: 12_345.6, remainingSeconds: 61, ...changes,
});

t.test('numbers', async (t) => {
  t.equal(formatMetric(0.97126), '0.9713', 'four digits');
  t.equal(formatMetric('NaN'), 'NaN', 'what is no number is said so');
  t.equal(formatSeconds(0.4), '0 s', 'rounded');
  t.equal(formatSeconds(-3), '0 s', 'never less than nothing');
  t.equal(formatSeconds(59.4), '59 s', 'below a minute');
  t.equal(formatSeconds(59.5), '1 min 00 s', 'rounding carries over');
  t.equal(formatSeconds(3_725), '62 min 05 s', 'minutes go on');
});

t.test('the line of progress', async (t) => {
  t.match(progressLine(progress(), 200), /^epoch 2\/5 \[█{15}·{15}\] {2}50% {2}loss 0\.2500 {2}accuracy 0\.9000 {2}12,346 examples\/s {2}1 min 01 s left$/, 'with room, a bar of thirty');
  t.notMatch(progressLine(progress(), 200), /val_loss/, 'what comes once an epoch is not in it');
  t.match(progressLine(progress({ step: 0 }), 200), /\[·{30}\] {3}0%/, 'nothing done');
  t.match(progressLine(progress({ step: 100 }), 200), /\[█{30}\] 100%/, 'all done');
  t.match(progressLine(progress({ step: 99, stepsPerEpoch: 100 }), 200), / 99%/, 'not done until it is done');
  t.notMatch(progressLine(progress({ remainingSeconds: null }), 200), /left/, 'no guess where none is known');
  t.notMatch(progressLine(progress(), 60), /\[/, 'no bar where it would be a stump');
  for (let width = 1; width <= 140; width += 1) {
    const lines = [0, 1, 99, 100].map((step) => progressLine(progress({ step }), width));
    t.ok(lines.every((text) => text.length <= width), `in ${width} columns it stays within them`);
  }
});

t.test('the line of an epoch', async (t) => {
  const data = { attempt: 1, epoch: 3, step: 30, metrics: { val_accuracy: 'NaN', loss: 1, learning_rate: 0.1 } as const, examplesPerSecond: 1, durationMs: 1499, best: false };
  t.equal(epochLine({ seq: 1, kind: 'epoch', at: '', data }, 12), 'epoch  3/12  loss 1.0000  val_accuracy NaN  1 s', 'numbers stand below each other, metrics in their order');
});

t.test('an image as text', async (t) => {
  t.strictSame(imageLines(new Uint8Array(16), 4), ['    ', '    '], 'black is empty, two rows make a line');
  t.strictSame(imageLines(new Uint8Array(16).fill(255), 4), ['████', '████'], 'white is full');
  t.strictSame(imageLines([0, 255, 0, 255], 2), [' █'], 'columns stay apart');
  t.strictSame(imageLines([0, 0, 255, 255], 2), ['▒▒'], 'two rows are their mean');
  t.equal(imageLines(new Uint8Array(28 * 28), 28).length, 14, 'a digit has fourteen lines');
});
