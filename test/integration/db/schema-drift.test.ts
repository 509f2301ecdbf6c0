// The migrations, applied to a real database, give exactly what prisma/schema.prisma declares.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import t from 'tap';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { packageRoot } from '../../../src/paths.js';
import { testDatabase } from '../../helpers/postgres.js';

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

t.test('a migrated database is what the Prisma schema declares', async (t) => {
  const { url } = await testDatabase(t);
  await loadEngine();
  const content = readFileSync(join(packageRoot, 'prisma', 'schema.prisma'), 'utf8');
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url }));
  const engine = await bindings.SchemaEngine.new({ datamodels: [['schema.prisma', content]] }, () => undefined, adapter);
  const files = [{ path: 'schema.prisma', content }];
  const { stdout } = await engine.diff({
    from: { tag: 'schemaDatasource', files, configDir: '.' },
    to: { tag: 'schemaDatamodel', files },
    script: true,
    exitCode: null,
    filters: { externalTables: ['public._prisma_migrations'], externalEnums: [] },
  });
  engine.free();
  t.match(stdout, /empty migration/i, 'no statement is needed to get from one to the other');
});
