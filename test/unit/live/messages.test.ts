import t from 'tap';
import { parseClientMessage } from '../../../src/live/messages.js';

const ID = '01890000-0000-7000-8000-000000000001';
const fault = (message: unknown) => {
  const parsed = parseClientMessage(typeof message === 'string' ? message : JSON.stringify(message));
  return 'fault' in parsed ? parsed.fault : 'none';
};

t.test('messages are taken as they are', async (t) => {
  for (const message of [{ type: 'subscribe', runId: ID }, { type: 'subscribe', runId: ID, after: 0 }, { type: 'subscribe', runId: ID, after: 'now' }, { type: 'unsubscribe', runId: ID }, { type: 'subscribeDevices' }, { type: 'unsubscribeDevices' }, { type: 'ping' }]) {
    t.same(parseClientMessage(JSON.stringify(message)), { message });
  }
});

t.test('what is wrong with a message is said in plain words', async (t) => {
  t.equal(fault('{"type": ping}'), 'The message is not JSON: line 1, column 10 is not what should be there.');
  t.equal(fault('[]'), 'The message must be an object, not an array.');
  t.equal(fault('{}'), 'type is required.');
  t.equal(fault({ type: 'dance' }), 'type must be one of subscribe, unsubscribe, subscribeDevices, unsubscribeDevices, ping.');
  t.equal(fault({ type: 'subscibe', runId: ID }), 'type must be one of subscribe, unsubscribe, subscribeDevices, unsubscribeDevices, ping; did you mean "subscribe"?');
  t.equal(fault({ type: 'subscribeDevices', runId: ID }), 'unknown key "runId".');
  t.equal(fault({ type: 'subscribe' }), 'runId is required.');
  t.equal(fault({ type: 'subscribe', runId: '7' }), 'runId must be a UUID.');
  t.equal(fault({ type: 'subscribe', run_id: ID }), 'unknown key "run_id"; did you mean "runId"?');
  t.equal(fault({ type: 'subscribe', runId: ID, after: 'later' }), 'after must be an integer or "now", not "later".');
  t.equal(fault({ type: 'subscribe', runId: ID, after: -1 }), 'after must be at least 0.');
  t.equal(fault({ type: 'ping', id: 'x'.repeat(65) }), 'id must have at most 64 characters.');
  t.equal(fault({ type: 'subscribe', after: -1, extra: 1 }).split('; ').length, 3, 'all at once');
});
