// The API's shapes by their names, from its own document.
import type { components } from '../../generated/api.js';

type Schemas = components['schemas'];

export type ApiKey = Schemas['ApiKey'];
export type Artifact = Schemas['Artifact'];
export type Box = Schemas['Box'];
export type BrowserSession = Schemas['BrowserSession'];
export type Dataset = Schemas['Dataset'];
export type Device = Schemas['Device'];
export type FileUsage = Schemas['FileUsage'];
export type Evaluation = Schemas['Evaluation'];
export type Evaluations = Schemas['Evaluations'];
export type Identity = Schemas['Identity'];
export type Ledger = Schemas['Ledger'];
export type LedgerItem = Schemas['LedgerItem'];
export type LedgerTotal = Schemas['LedgerTotal'];
export type Member = Schemas['Member'];
export type MetricSeries = Schemas['MetricSeries'];
export type MetricValue = Schemas['MetricValue'];
export type ModelSummary = Schemas['ModelSummary'];
export type Plan = Schemas['Plan'];
export type Problem = Schemas['Problem'];
export type Queue = Schemas['Queue'];
export type QueueEntry = Schemas['QueueEntry'];
export type Recipe = Schemas['Recipe'];
export type Right = Identity['rights'][number];
export type Run = Schemas['Run'];
export type RunEvent = Schemas['RunEvent'];
export type RunState = Run['state'];
export type Team = Schemas['Team'];
export type Usage = Schemas['Usage'];
export type User = Schemas['User'];
