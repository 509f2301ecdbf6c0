// The page's connection, and what is known of it: one for all pages, open while somebody is signed in.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { addressOf } from '../lib/base.js';
import { whenUnreachable } from '../api/client.js';
import { checkSession } from '../api/session.js';
import { LIVE_SUBPROTOCOL } from '../../portable/live-protocol.js';
import { Connection, type Link, type Socket } from './connection.js';
import type { HeardMessage } from './device-view.js';

export const link = signal<Link>({ status: 'idle', fetched: 0 });

/** The latest of each box, by its name; empty until some are watched. */
export const boxes = signal<ReadonlyMap<string, HeardMessage>>(new Map());

export const connection = new Connection({
  connect: () => new WebSocket(addressOf('v1/live').replace(/^http/, 'ws'), LIVE_SUBPROTOCOL) as Socket,
  onLink: (next) => {
    const { status, fetched } = link.peek();
    if (status !== next.status || fetched !== next.fetched) link.value = next;
  },
  onDevices: (message) => {
    boxes.value = new Map(boxes.peek()).set(message.box, { ...message, heardMs: Date.now() });
  },
  onRefused: () => void checkSession(),
});

/** Opens it, and has it come back when the network or the person does. */
export function openLink(): void {
  connection.start();
  addEventListener('online', () => connection.start());
  addEventListener('offline', () => connection.doubt());
  whenUnreachable(() => connection.doubt());
  document.addEventListener('visibilitychange', () => document.hidden || connection.start());
}

let watchers = 0;
/** Has `boxes` filled every second while the component is shown. It takes the right to `read`. */
export function useBoxes(): typeof boxes {
  useEffect(() => {
    watchers += 1;
    connection.watchDevices(true);
    return () => {
      watchers -= 1;
      if (watchers > 0) return;
      connection.watchDevices(false);
      boxes.value = new Map();
    };
  }, []);
  return boxes;
}
