import t from 'tap';
import { Ending } from '../../../workers/ending.js';
import type { TrainerExit } from '../../../workers/trainer-process.js';

const exit = (change: Partial<TrainerExit> = {}): TrainerExit => ({ code: 0, signal: null, silentMs: null, lastWords: '', ...change });
const PAUSED = { state: 'paused', reason: null, message: 'after step 7' } as const;
const DONE = { state: 'succeeded', reason: null, message: null } as const;
const begun = () => new Ending({ maxRuntimeSeconds: 60 });

t.test('the trainer tells how its run ends, and what comes after changes nothing', async (t) => {
  const ending = begun();
  t.equal(ending.asked, null);
  ending.said(DONE);
  ending.handBack('the worker stops');
  ending.went(exit({ code: 1 }));
  t.same(ending.conclusion(), DONE);
});

t.test('one that goes without a word has failed, or has done as it was asked', async (t) => {
  const after = (ask: (ending: Ending) => void) => {
    const ending = begun();
    ask(ending);
    ending.went(exit({ code: 3 }));
    return ending.conclusion();
  };
  t.match(after(() => undefined), { state: 'failed', reason: 'trainer_lost', message: /exited with code 3/ });
  t.match(after((ending) => ending.pause()), { state: 'paused', reason: 'user_pause', message: /^paused; the trainer exited/ });
  t.match(after((ending) => ending.cancel()), { state: 'cancelled', reason: 'user_cancel', message: /^cancelled; the trainer exited/ });
  t.match(after((ending) => ending.leave('timeout')), { state: 'failed', reason: 'timeout', message: /60 s/ });
  t.match(after((ending) => ending.leave('idle')), { state: 'failed', reason: 'timeout', message: /no step/ });
  t.match(after((ending) => ending.leave('share')), { handBack: /made room/ });
});

t.test('one that stops with its state is paused, waits again, or has had its time', async (t) => {
  const after = (ask: (ending: Ending) => void) => {
    const ending = begun();
    ask(ending);
    t.equal(ending.asked, 'pause');
    ending.said(PAUSED);
    ending.went(exit());
    return ending.conclusion();
  };
  t.same(after((ending) => ending.pause()), { ...PAUSED, reason: 'user_pause' });
  t.same(after((ending) => ending.handBack('the worker stops')), { handBack: 'the worker stops' });
  t.match(after((ending) => ending.leave('drain')), { handBack: /drained/ });
  t.match(after((ending) => { ending.leave('share'); ending.leave('timeout'); }), { state: 'failed', reason: 'timeout' }, 'its time is up, wherever it waits');
});

t.test('a cancel goes before all else', async (t) => {
  for (const other of [(ending: Ending) => ending.pause(), (ending: Ending) => ending.handBack('the worker stops'), (ending: Ending) => ending.leave('timeout')]) {
    for (const asks of [[(ending: Ending) => ending.cancel(), other], [other, (ending: Ending) => ending.cancel()]]) {
      const ending = begun();
      for (const ask of asks) ask(ending);
      t.equal(ending.asked, 'cancel');
      ending.said(PAUSED);
      t.match(ending.conclusion(), { state: 'cancelled', reason: 'user_cancel' });
    }
  }
});

t.test('what could not be stored undoes what was said', async (t) => {
  const ending = begun();
  ending.said(DONE);
  ending.failed({ state: 'failed', reason: 'internal', message: 'late' });
  t.same(ending.conclusion(), DONE, 'a fault that comes later does not');
  const ruined = { state: 'failed', reason: 'disk_full', message: 'no room' } as const;
  ending.ruined(ruined);
  t.same(ending.conclusion(), ruined);
});

t.test('nothing has ended it', async (t) => {
  t.throws(() => begun().conclusion(), /has not ended/);
  const ending = begun();
  t.notOk(ending.isHandedBack);
  ending.handBack('its device has gone');
  t.ok(ending.isHandedBack);
});
