// The log: JSON lines for machines, short coloured lines on a terminal.
import { pino, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { Config } from './config.js';

export type Log = Logger;

/** What waits for a slow reader; later lines are dropped rather than kept without bound. */
const WAITING_BYTES = 8 * 1024 * 1024;

export function createLog(config: Pick<Config, 'logLevel' | 'logFormat'>, name: string): Log {
  const options = { name, level: config.logLevel, redact: ['req.headers.authorization', 'req.headers.cookie'] };
  // Written without waiting: whoever reads our log, a pager or a stuck collector, must not be able to stop the
  // service by not reading it.
  const destination = pino.destination({ dest: 1, sync: false, maxLength: WAITING_BYTES });
  if (config.logFormat === 'json') return pino(options, destination);
  return pino(options, PinoPretty({ colorize: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', messageFormat: '{if name}{name}: {end}{msg}', destination }));
}
