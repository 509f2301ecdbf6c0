// How each kind of fault is done to a stage. Each resolves when its cause is gone, with whether it hit anything.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { until } from '../helpers/poll.js';
import type { TcpProxy } from '../helpers/tcp.js';
import { signal, type Role } from './actors/processes.js';
import type { FaultKind } from './faults.js';
import type { Links, Stage } from './stage.js';

export interface StrikeContext {
  stage: Stage;
  /** In [0, 1). */
  pick: number;
  lastsMs: number;
  /** Pauses a run of the round that trains, and resumes it; false when there is none. */
  pauseRun(pick: number): Promise<boolean>;
  cutWatcher(): boolean;
}

const chosen = <T>(items: readonly T[], pick: number): T | undefined => items[Math.floor(pick * items.length)];

/** A process of this role, waited for a little: one may be on its way. */
async function victim({ stage, pick }: StrikeContext, role: Role): Promise<number | null> {
  return until(() => chosen(stage.processes(role), pick)?.pid, { what: `a ${role}`, deadlineMs: 1_500 }).catch(() => null);
}

const hit = (role: Role, name: NodeJS.Signals) => async (context: StrikeContext): Promise<boolean> => {
  const pid = await victim(context, role);
  return pid !== null && signal(pid, name);
};

async function freezeSupervisor(context: StrikeContext): Promise<boolean> {
  const pid = await victim(context, 'supervisor');
  if (pid === null || !signal(pid, 'SIGSTOP')) return false;
  await delay(context.lastsMs);
  signal(pid, 'SIGCONT');
  return true;
}

/** In order; whoever keeps it starts it again. */
const stop = (role: 'api' | 'supervisor') => async (context: StrikeContext): Promise<boolean> => {
  const pid = await victim(context, role);
  const kept = context.stage.kept.find((one) => one.pid === pid);
  if (kept !== undefined) await kept.stop();
  else if (pid !== null) return signal(pid, 'SIGTERM');
  return pid !== null;
};

async function killTree({ stage }: StrikeContext): Promise<boolean> {
  // Stopped first, so that nobody sees another's end and acts on it: everything goes at once.
  for (const { pid } of stage.processes()) signal(pid, 'SIGSTOP');
  for (const { pid } of stage.processes()) signal(pid, 'SIGKILL');
  await stage.redis?.stop();
  await stage.redis?.start();
  await stage.database.start();
  return true;
}

type Way = 'cut' | 'hangs';

async function interrupt(link: TcpProxy | null | undefined, way: Way, ms: number): Promise<boolean> {
  if (!link) return false;
  if (way === 'cut') await link.stop();
  else link.freeze();
  await delay(ms);
  if (way === 'cut') await link.start();
  else link.thaw();
  return true;
}

const database = (end: 'api' | 'worker', way: Way) => ({ stage, lastsMs }: StrikeContext) => interrupt(stage.links?.[end].database, way, lastsMs);
const redisLink = (way: Way) => ({ stage, pick, lastsMs }: StrikeContext) => {
  const ends: Links[] = stage.links === null ? [] : [stage.links.api, stage.links.worker];
  return interrupt(chosen(ends, pick)?.redis, way, lastsMs);
};

async function killRedis({ redis }: Stage, { lastsMs, isEmptied }: { lastsMs: number; isEmptied: boolean }): Promise<boolean> {
  if (redis === null) return false;
  await redis.stop();
  if (isEmptied) await redis.wipe();
  await delay(lastsMs);
  await redis.start();
  return true;
}

async function flushRedis({ stage }: StrikeContext): Promise<boolean> {
  if (stage.redis === null) return false;
  const { hostname, port } = new URL(stage.redis.url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    socket.write('FLUSHALL\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString().startsWith('+OK');
  } catch {
    return false; // it is away anyhow
  } finally {
    socket.destroy();
  }
}

async function fillDisk({ stage: { disk }, lastsMs }: StrikeContext): Promise<boolean> {
  if (disk === null) return false;
  const isFull = await disk.fill();
  await delay(lastsMs);
  await disk.free();
  return isFull;
}

export const STRIKES: Record<FaultKind, (context: StrikeContext) => Promise<boolean>> = {
  'trainer-kill': hit('trainer', 'SIGKILL'),
  'trainer-freeze': hit('trainer', 'SIGSTOP'),
  'supervisor-kill': hit('supervisor', 'SIGKILL'),
  'supervisor-freeze': freezeSupervisor,
  'supervisor-stop': stop('supervisor'),
  'api-kill': hit('api', 'SIGKILL'),
  'api-stop': stop('api'),
  'tree-kill': killTree,
  'database-kill': ({ stage }) => stage.database.kill(),
  'database-away': ({ stage, lastsMs }) => stage.database.away(lastsMs),
  'database-cut-from-api': database('api', 'cut'),
  'database-hangs-for-api': database('api', 'hangs'),
  'database-cut-from-worker': database('worker', 'cut'),
  'database-hangs-for-worker': database('worker', 'hangs'),
  'redis-kill': ({ stage, lastsMs }) => killRedis(stage, { lastsMs, isEmptied: false }),
  'redis-loss': ({ stage, lastsMs }) => killRedis(stage, { lastsMs, isEmptied: true }),
  'redis-flush': flushRedis,
  'redis-cut': redisLink('cut'),
  'redis-hangs': redisLink('hangs'),
  'disk-full': fillDisk,
  'pause': ({ pauseRun, pick }) => pauseRun(pick),
  'watcher-cut': async ({ cutWatcher }) => cutWatcher(),
};
