// The bus's contract on a real Redis; skipped, with the reason, where there is none.
import { Redis } from 'ioredis';
import t from 'tap';
import { createRedisBus } from '../../../src/live/redis-bus.js';
import { redisMissing } from '../../helpers/redis.js';
import { redisStore } from '../queue/stores.js';
import { busContract } from './bus-contract.js';

await t.test('the bus on Redis', { skip: redisMissing() }, (t) =>
  busContract(t, {
    createStore: redisStore,
    createBus: createRedisBus,
    async endListeners({ connection }) {
      const client = new Redis(connection.url);
      const killed = await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await client.quit();
      if (killed === 0) throw new Error('no bus was listening');
    },
  }),
);
