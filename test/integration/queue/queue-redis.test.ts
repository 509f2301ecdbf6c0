// The run queue's contract on a real Redis; skipped, with the reason, where there is none.
import t from 'tap';
import { redisMissing } from '../../helpers/redis.js';
import { queueContract } from './contract.js';
import { redisStore } from './stores.js';

await t.test('the run queue on Redis', { skip: redisMissing() }, (t) => queueContract(t, redisStore));
