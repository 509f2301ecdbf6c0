// The migrations give exactly what prisma/schema.prisma declares: the SQL that Prisma itself would write for the
// schema is run on one database, our migrations on another, and their catalogs must be the same.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import pg from 'pg';
import t from 'tap';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { packageRoot } from '../../../src/paths.js';
import { emptyDatabase, testDatabase } from '../../helpers/postgres.js';

// Node's types leave WebAssembly to the browser's.
interface WasmInstance {
  exports: Record<string, unknown>;
}
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { instantiate(bytes: Uint8Array, imports: Record<string, unknown>): Promise<{ instance: WasmInstance }> };
};

// The package's own entry imports the .wasm file as a module, which Node 20 cannot.
async function loadEngine(): Promise<void> {
  const file = join(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'), '..', 'schema_engine_bg.wasm');
  const { instance } = await WebAssembly.instantiate(readFileSync(file), { './schema_engine_bg.js': bindings });
  const { __wbg_set_wasm: setWasm } = bindings as unknown as { __wbg_set_wasm(exports: WasmInstance['exports']): void };
  setWasm(instance.exports);
  (instance.exports.__wbindgen_start as (() => void) | undefined)?.();
}

/** What Prisma would write to get from nothing to the schema. */
async function declaredSql(url: string): Promise<string> {
  await loadEngine();
  const content = readFileSync(join(packageRoot, 'prisma', 'schema.prisma'), 'utf8');
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url }));
  const engine = await bindings.SchemaEngine.new({ datamodels: [['schema.prisma', content]] }, () => undefined, adapter);
  const { stdout } = await engine.diff({
    from: { tag: 'empty' },
    to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  engine.free();
  return stdout ?? '';
}

/** Columns, constraints and indexes, a sentence each. */
async function catalogOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ fact: string }>(`
    SELECT format('%s.%s %s %s default %s', table_name, column_name, udt_name || coalesce('(' || coalesce(character_maximum_length, datetime_precision) || ')', ''),
                  CASE is_nullable WHEN 'YES' THEN 'null' ELSE 'not null' END, column_default) AS fact
      FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'
    UNION ALL SELECT format('%s: %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND conrelid::regclass::text <> '_prisma_migrations'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'
    ORDER BY fact`);
  return rows.map((row) => row.fact);
}

t.test('a migrated database is what the Prisma schema declares', async (t) => {
  const clients = await Promise.all([emptyDatabase(t), testDatabase(t)].map(async (database) => new pg.Client({ connectionString: (await database).url })));
  const [declared, migrated] = clients as [pg.Client, pg.Client];
  for (const client of clients) await client.connect();
  const { host, port, database, user, password } = declared;
  await declared.query(await declaredSql(`postgresql://${user}:${password}@${host}:${port}/${database}`));
  const facts = await catalogOf(declared);
  t.ok(facts.length > 80, `${facts.length} facts are compared`);
  t.same(await catalogOf(migrated), facts);
  for (const client of clients) await client.end();
});
