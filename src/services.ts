// What the API's routes are given. Types only: `compose` makes the real ones, tests make fakes.
import type { ArtifactRepository } from './artifacts/artifact-repository.js';
import type { ArtifactStore } from './artifacts/store.js';
import type { DatasetCatalog } from './datasets/catalog.js';
import type { DatasetPictures } from './datasets/pictures.js';
import type { BoxService } from './devices/boxes.js';
import type { WorkerRepository } from './devices/worker-repository.js';
import type { QueueService } from './dispatch/queue-service.js';
import type { Audit } from './identity/audit.js';
import type { Authenticator } from './identity/authenticator.js';
import type { KeyService } from './identity/keys.js';
import type { OpenConnections } from './identity/open-connections.js';
import type { SessionService } from './identity/sessions.js';
import type { ShareService } from './identity/shares.js';
import type { TeamService } from './identity/teams.js';
import type { LedgerService } from './ledger/service.js';
import type { LiveHub } from './live/hub.js';
import type { EventLog } from './live/event-log.js';
import type { PredictService } from './predict/service.js';
import type { Recipe } from './schemas/recipe.js';
import type { MetricRepository } from './metrics/repository.js';
import type { RunService } from './runs/service.js';
import type { UsageService } from './usage/service.js';

/** One dependency that `/readyz` asks. `ping` rejects when it does not answer. */
export interface HealthCheck {
  name: 'database' | 'queue' | 'bus' | 'artifacts';
  ping(): Promise<void>;
}

export interface Services {
  runs: RunService;
  metrics: MetricRepository;
  events: EventLog;
  artifacts: ArtifactRepository;
  store: ArtifactStore;
  datasets: DatasetCatalog;
  pictures: DatasetPictures;
  recipes: { list(): readonly Recipe[]; find(name: string): Recipe | null };
  queue: QueueService;
  workers: WorkerRepository;
  boxes: BoxService;
  hub: LiveHub;
  predict: PredictService;
  usage: UsageService;
  ledger: LedgerService;
  authenticator: Authenticator;
  sessions: SessionService;
  keys: KeyService;
  teams: TeamService;
  shares: ShareService;
  audit: Audit;
  openConnections: OpenConnections;
  health: readonly HealthCheck[];
}
