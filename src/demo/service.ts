// The whole service in this process, for the commands that show what it does.
import { buildApp } from '../app.js';
import { compose } from '../compose.js';
import type { Config } from '../config.js';
import type { Log } from '../log.js';

export interface Service {
  address: string;
  close(): Promise<void>;
}

export async function startService(config: Config, log: Log): Promise<Service> {
  const composition = await compose(config, log);
  try {
    const app = await buildApp({ config, services: composition.services, log });
    const close = async () => {
      await app.close();
      await composition.close();
    };
    const listen = (port: number) => app.listen({ host: config.host, port });
    const address = await listen(config.port).catch((error: NodeJS.ErrnoException) => {
      // Somebody else's port: showing something is no reason to fail.
      if (error.code !== 'EADDRINUSE') throw error;
      return listen(0);
    });
    return { address, close };
  } catch (error) {
    await composition.close();
    throw error;
  }
}
