import t from 'tap';
import { toApiError, wordsOf } from '../../../src/dashboard/api/error.js';

const refused = (...errors: object[]) => wordsOf(toApiError(400, { code: 'bad_request', detail: 'The body does not have the form that this route takes.', errors }));

t.test('a refusal says what is wrong where, in words', async (t) => {
  t.equal(refused({ pointer: '/epochs', detail: 'must be at most 100000' }), 'Epochs must be at most 100000.');
  t.equal(refused({ pointer: '/fit/batchSize', detail: 'is required' }, { pointer: '/tags/0', detail: 'must have at most 64 characters' }), 'Batch size is required. Item 1 of tags must have at most 64 characters.');
  t.equal(refused({ pointer: '/model/layers/1/units', detail: 'must be at least 1' }), 'Units (item 2 of layers) must be at least 1.');
  t.equal(refused({ pointer: '/oops', detail: 'unknown key "oops"' }), 'Unknown key "oops".');
  t.equal(refused({ pointer: '', detail: 'must be an object, not null' }), 'It must be an object, not null.');
  t.equal(refused({ in: 'query', parameter: 'maxPoints', detail: 'must be at most 10' }), 'Max points must be at most 10.');
});

t.test('what the service says of this request alone stays', async (t) => {
  t.equal(refused(), 'The body does not have the form that this route takes.');
  t.equal(wordsOf(toApiError(404, { detail: 'The run has no evaluation after epoch 9.', errors: [{ in: 'query', parameter: 'epoch', detail: 'must be one of those that have an evaluation' }] })), 'The run has no evaluation after epoch 9. Epoch must be one of those that have an evaluation.');
  t.equal(wordsOf(new Error('It broke.')), 'It broke.');
});
