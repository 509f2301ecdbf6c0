// The bus's contract on PostgreSQL.
import pg from 'pg';
import t from 'tap';
import { createPostgresBus } from '../../../src/live/postgres-bus.js';
import { postgresStore } from '../queue/stores.js';
import { busContract } from './bus-contract.js';

await t.test('the bus on PostgreSQL', (t) =>
  busContract(t, {
    createStore: postgresStore,
    createBus: createPostgresBus,
    async endListeners({ connection }) {
      const client = new pg.Client(connection.url);
      await client.connect();
      const { rowCount } = await client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'trainyard-bus' AND datname = current_database()`,
      );
      await client.end();
      if (!rowCount) throw new Error('no bus was connected');
    },
  }),
);
