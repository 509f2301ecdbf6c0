// Who may be asked for, and by whom: a page of another site must not drive a service that its visitor can reach.
// A page may point its own name at our address (DNS rebinding), so the name that a request is for must be one
// that nobody else can own; and it may send requests to us from its own origin, so those must not change anything.
import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ServiceError } from '../errors.js';

/**
 * For every route, and before any is looked at. `allowedHosts` are host names without ports, to be allowed besides
 * IP addresses, `localhost` and what is under it.
 */
export function installHostGuard(app: FastifyInstance, allowedHosts: readonly string[]): void {
  const allowed = new Set(allowedHosts.map(plainName));

  app.addHook('onRequest', async ({ method, headers: { host, origin, upgrade } }) => {
    // Only HTTP/1.0 may leave it out, which no browser speaks.
    if (host !== undefined && !isAllowed(host, allowed)) {
      throw new ServiceError('host_not_allowed', `The service does not go by the name ${JSON.stringify(host)}. Use its IP address, or have TRAINYARD_ALLOWED_HOSTS list the name.`);
    }
    // Any page may read with its visitor's eyes shut: without our consent, browsers keep the answer from it. A
    // WebSocket needs no such consent.
    const reads = (method === 'GET' || method === 'HEAD') && upgrade?.toLowerCase() !== 'websocket';
    if (origin !== undefined && !reads && !isOriginOf(host, origin)) {
      throw new ServiceError('origin_not_allowed', `A page of ${JSON.stringify(origin)} may not do this; only the service's own may.`);
    }
  });
}

function isAllowed(host: string, allowed: ReadonlySet<string>): boolean {
  const match = /^(?:\[([\da-f:.]+)\]|([^:[\]@/?#\s]+))(?::\d{1,5})?$/i.exec(host);
  if (match === null) return false;
  const [, ipv6, rest] = match;
  if (ipv6 !== undefined) return isIP(ipv6) === 6;
  const name = plainName(rest ?? '');
  return isIP(name) === 4 || name === 'localhost' || name.endsWith('.localhost') || allowed.has(name);
}

/** Whether the origin is that of the pages at `host`, over TLS (which ends in front of us) or not. */
function isOriginOf(host: string | undefined, origin: string): boolean {
  const scheme = /^https?:\/\//.exec(origin)?.[0];
  if (scheme === undefined || host === undefined || !URL.canParse(origin) || !URL.canParse(scheme + host)) return false;
  // Either side may leave out the scheme's own port.
  return new URL(origin).host === new URL(scheme + host).host;
}

/** Names have no case, and one with the root's dot at its end is the same. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
