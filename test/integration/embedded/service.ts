// A service reduced to its database, as a program: the tests of src/embedded kill it in every way.
// Usage: service <data directory> <what to do once ready>. Writes one line of JSON about the server, or its error.
import { pino } from 'pino';
import { startEmbeddedPostgres } from '../../../src/embedded/postgres.js';

const [dataDir = '', then = ''] = process.argv.slice(2);
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

try {
  const server = await startEmbeddedPostgres({ dataDir, log: pino({ level: 'silent' }) });
  // A service that takes its time to stop in order outlives Ctrl-C.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)));
  say({ url: server.url, port: server.port, pid: server.pid, isAdopted: server.isAdopted });
  switch (then) {
    case 'stay':
      setInterval(() => undefined, 60_000);
      break;
    case 'exit':
      process.exit(3);
      break;
    case 'throw':
      setImmediate(() => {
        throw new Error('a fault that nobody caught');
      });
      break;
    case 'end':
      // Nothing more to do: the process ends by itself, although nobody stopped the server.
      break;
    default:
      await server.stop();
  }
} catch (error) {
  say({ fault: error instanceof Error && 'fault' in error ? error.fault : null, message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
