// The log: JSON lines for machines, short coloured lines on a terminal.
import { pino, type Logger } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { Config } from './config.js';

export type Log = Logger;

export function createLog(config: Pick<Config, 'logLevel' | 'logFormat'>, name: string): Log {
  const options = { name, level: config.logLevel, redact: ['req.headers.authorization', 'req.headers.cookie'] };
  if (config.logFormat === 'json') return pino(options);
  return pino(options, PinoPretty({ colorize: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', messageFormat: '{if name}{name}: {end}{msg}', sync: true }));
}
