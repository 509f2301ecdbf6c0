// Writes openapi/openapi.json from the routes: `npm run openapi`. Needs no database, because an app that is
// only asked for its document never reaches for its services.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { buildApp } from './app.js';
import { documentOf } from './http/documentation.js';
import { packageRoot } from './paths.js';
import type { Services } from './services.js';

export const openApiPath = join(packageRoot, 'openapi', 'openapi.json');

/** The document of the routes as they are. */
export async function describeApi(): Promise<string> {
  const app = buildApp({ config: { bodyLimitBytes: 1024, leaseMs: 1000 }, services: unavailable(), log: pino({ level: 'silent' }) });
  try {
    await app.ready();
    return documentOf(app);
  } finally {
    await app.close();
  }
}

/** Services that may be handed on but not used. */
function unavailable(): Services {
  const nothing = new Proxy(() => {}, {
    get: () => nothing,
    apply: () => {
      throw new Error('the document was made by using a service');
    },
  });
  return nothing as unknown as Services;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await mkdir(join(packageRoot, 'openapi'), { recursive: true });
  await writeFile(openApiPath, await describeApi());
}
