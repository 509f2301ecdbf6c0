// The API as one Fastify app: its options, plugins and routes. It reads no environment and listens nowhere,
// so that tests run the very same app on fakes.
import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import { artifactRoutes } from './artifacts/routes.js';
import type { Config } from './config.js';
import { datasetRoutes } from './datasets/routes.js';
import { boxRoutes } from './devices/box-routes.js';
import { deviceRoutes } from './devices/routes.js';
import { healthRoutes } from './health/routes.js';
import { queueRoutes } from './dispatch/queue-routes.js';
import { createDashboard } from './http/dashboard-routes.js';
import { documentation } from './http/documentation.js';
import { installErrorHandling, refuseConnection, sendProblem } from './http/error-handler.js';
import { installHostGuard } from './http/host-guard.js';
import { installJsonBody } from './http/json-body.js';
import { problemRoutes } from './http/problem-routes.js';
import { installRequestRules } from './http/requests.js';
import { dropUnusedConnections } from './http/unused-connections.js';
import { buildValidator } from './http/validation.js';
import { auditRoutes } from './identity/audit-routes.js';
import { installAudit } from './identity/audit.js';
import { installAuthentication } from './identity/authentication.js';
import { createFailureLimit } from './identity/failure-limit.js';
import { keyRoutes } from './identity/key-routes.js';
import { installRateLimit } from './identity/rate-limit.js';
import { sessionRoutes } from './identity/session-routes.js';
import { shareRoutes } from './identity/share-routes.js';
import { teamRoutes } from './identity/team-routes.js';
import { ledgerRoutes } from './ledger/routes.js';
import { liveRoutes } from './live/routes.js';
import { predictRoutes } from './predict/routes.js';
import { recipeRoutes } from './recipes/routes.js';
import { eventRoutes } from './runs/event-routes.js';
import { historyRoutes } from './runs/history-routes.js';
import { runRoutes } from './runs/routes.js';
import type { Services } from './services.js';
import { usageRoutes } from './usage/routes.js';

export interface AppOptions {
  config: Pick<Config, 'bodyLimitBytes' | 'leaseMs'> & Partial<Pick<Config, 'rateLimit'>> & {
    /** Address to listen on: where it is a name, the service goes by it. */
    host?: string;
    /** Further names that the service goes by, without ports. */
    allowedHosts?: readonly string[];
    /** How long a request may take to arrive, body and all. Default one minute. */
    receiveMs?: number;
    /** Where the built dashboard is. */
    dashboardFolder?: string;
  };
  services: Services;
  log: FastifyBaseLogger;
}

export function buildApp({ config, services, log }: AppOptions): FastifyInstance {
  const { receiveMs = 60_000 } = config;
  const app = Fastify({
    loggerInstance: log,
    bodyLimit: config.bodyLimitBytes,
    // Who sends a byte now and then would hold a connection for ever.
    requestTimeout: receiveMs,
    http: { headersTimeout: receiveMs, connectionsCheckingInterval: receiveMs / 4 },
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    // Ids of ours only: a client's could forge lines of the log.
    requestIdHeader: false,
    // Refusals while closing are ours too, as problems.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: refuseConnection,
    schemaController: { compilersFactory: { buildValidator } },
  });
  // Handlers are typed by the response schemas; a serializer that drops what a schema lacks would only hide faults.
  app.setSerializerCompiler(() => (body) => JSON.stringify(body));

  dropUnusedConnections(app);
  const dashboard = createDashboard(config.dashboardFolder);
  installErrorHandling(app, dashboard.sendLostPage);
  installRequestRules(app);
  installHostGuard(app, [...(config.host === undefined ? [] : [config.host]), ...(config.allowedHosts ?? [])]);
  installJsonBody(app);
  app.register(helmet, {
    contentSecurityPolicy: { directives: { defaultSrc: ["'self'"], scriptSrc: ["'self'"], styleSrc: ["'self'", "'unsafe-inline'"], imgSrc: ["'self'", 'data:', 'blob:'], connectSrc: ["'self'", 'ws:', 'wss:'], frameAncestors: ["'none'"], upgradeInsecureRequests: null } },
    // TLS ends in front of us, where it is used at all.
    strictTransportSecurity: false,
  });
  const failures = createFailureLimit();
  app.register(cookie);
  app.register(plugin(async (app) => installAuthentication(app, services.authenticator, failures), { name: 'authentication', dependencies: ['@fastify/cookie'] }));
  app.register(plugin(async (app) => installRateLimit(app, config.rateLimit ?? null), { name: 'rates' }));
  installAudit(app, services.audit);
  app.register(plugin(documentation, { name: 'documentation' }));

  app.register(healthRoutes, { services });
  app.register(problemRoutes);
  app.register(runRoutes, { services });
  app.register(historyRoutes, { services });
  app.register(eventRoutes, { services });
  app.register(artifactRoutes, { services });
  app.register(datasetRoutes, { services });
  app.register(recipeRoutes, { services });
  app.register(queueRoutes, { services });
  app.register(deviceRoutes, { services, leaseMs: config.leaseMs });
  app.register(boxRoutes, { services });
  app.register(usageRoutes, { services });
  app.register(ledgerRoutes, { services });
  app.register(predictRoutes, { services });
  app.register(liveRoutes, { services });
  app.register(sessionRoutes, { services, failures });
  app.register(keyRoutes, { services });
  app.register(teamRoutes, { services });
  app.register(shareRoutes, { services });
  app.register(auditRoutes, { services });
  app.register(dashboard.routes);
  return app;
}
