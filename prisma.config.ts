// Prisma's command line. `generate`, `validate` and `format` need no schema engine, yet the tool
// fetches one unless a path is given; any executable will do for them. `migrate` wants the real one.
import { defineConfig } from 'prisma/config';

const needsNoEngine = ['generate', 'validate', 'format'].some((command) => process.argv.includes(command));
if (needsNoEngine) process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  ...(process.env.DATABASE_URL ? { datasource: { url: process.env.DATABASE_URL } } : {}),
});
