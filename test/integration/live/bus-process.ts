// A process of its own for tests: listens on a bus; told by a line on stdin, closes it, and must then end by itself.
import { once } from 'node:events';
import { createPostgresBus } from '../../../src/live/postgres-bus.js';
import { createRedisBus } from '../../../src/live/redis-bus.js';

const [kind, url = ''] = process.argv.slice(2);
const bus = kind === 'redis' ? createRedisBus({ url }) : createPostgresBus({ url });
bus.onEvents(() => {});
bus.onCommand(() => {});
await bus.listening();
console.log('listening');
await once(process.stdin, 'data');
process.stdin.destroy();
await bus.close();
