// The whole service in this process, for the commands that show what it does.
import { buildApp } from '../app.js';
import { compose } from '../compose.js';
import type { Config } from '../config.js';
import { createToken } from '../identity/token.js';
import type { Log } from '../log.js';
import { revokeKey, type Place } from './client.js';

export interface Service extends Place {
  close(): Promise<void>;
}

/** With a key of its own, which is good until it closes. */
export async function startService(config: Config, log: Log): Promise<Service> {
  const key = config.adminKey ?? createToken('key').text;
  const composition = await compose({ ...config, adminKey: key }, log, config.adminKey === null ? { keyName: 'demo' } : {});
  try {
    const app = await buildApp({ config, services: composition.services, log });
    const listen = (port: number) => app.listen({ host: config.host, port });
    const address = await listen(config.port).catch((error: NodeJS.ErrnoException) => {
      // Somebody else's port: showing something is no reason to fail.
      if (error.code !== 'EADDRINUSE') throw error;
      return listen(0);
    });
    const close = async () => {
      if (config.adminKey === null) await revokeKey({ address, key }).catch((error: unknown) => log.warn({ err: error }, 'the key could not be revoked'));
      await app.close();
      await composition.close();
    };
    return { address, key, close };
  } catch (error) {
    await composition.close();
    throw error;
  }
}
